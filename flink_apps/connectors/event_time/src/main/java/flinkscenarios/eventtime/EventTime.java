package flinkscenarios.eventtime;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.types.Row;

/** What a job in Python calls: streams of rows, with the event time that its operators need. */
public final class EventTime {

    private EventTime() {}

    /** The rows of a table as PyFlink's operators take them, with fields by their positions. */
    public static DataStream<Row> rows(DataStream<Row> table, TypeInformation<Row> type) {
        return table.map(row -> row).name("rows").returns(type);
    }

    /**
     * Rows of a key and a value, in the event time that all partitions of their source have reached.
     *
     * @param table rows of a key, a value, the partition, and the event time in milliseconds, or null for a row that
     *     does not move time
     * @param outOfOrderMillis how late a row may be in its partition
     * @param idleMillis after how long without a row a partition is not waited for; after a start, all are for so long
     */
    public static DataStream<Row> partitioned(
            DataStream<Row> table, TypeInformation<Row> type, long outOfOrderMillis, long idleMillis) {
        return table.transform("event time", type, new PartitionTimeOperator(outOfOrderMillis, idleMillis));
    }

    /**
     * Events that have no time of their own, in the event time of other ones.
     *
     * <p>Where those fall silent, time goes on from where it was, as fast as the clock's. The time of all their
     * partitions comes together in one task, so {@code events} have to be few.
     *
     * @param events what comes out, unchanged
     * @param timed whose watermarks count, and nothing else of it
     */
    public static DataStream<Row> timedBy(DataStream<Row> events, DataStream<Row> timed, TypeInformation<Row> type) {
        DataStream<Row> clock =
                timed.filter(row -> false)
                        .name("watermarks")
                        .transform("clock", timed.getType(), new ClockOperator())
                        .uid("clock")
                        .setParallelism(1);
        return events.connect(clock).transform("timed", type, new TimedOperator()).setParallelism(1);
    }
}
