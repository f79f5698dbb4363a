package flinkscenarios.eventtime;

import java.util.List;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.Schema;
import org.apache.flink.table.api.Table;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.types.Row;

/** What a job in Python calls: streams of rows, with the event time that its operators need. */
public final class EventTime {

    /** The time attribute of a table. */
    static final String ROWTIME = "rowtime";

    private EventTime() {}

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
        return table.transform("event time", type, new PartitionTimeOperator<>(new KeyedRow(), outOfOrderMillis, idleMillis));
    }

    /**
     * A table in the event time that all partitions of its source have reached.
     *
     * <p>The table gets one column more, {@code rowtime}, the time attribute that windows want: any time in a row
     * without one. Rows stay in Flink's own form: nothing is converted.
     *
     * @param partition the column with the part of the source that a row came from, a text
     * @param time the column with the event time in milliseconds, a BIGINT, NULL for a row that does not move time
     * @param outOfOrderMillis how late a row may be in its partition
     * @param idleMillis after how long without a row a partition is not waited for; after a start, all are for so long
     */
    public static Table partitioned(
            StreamTableEnvironment environment,
            Table table,
            String partition,
            String time,
            long outOfOrderMillis,
            long idleMillis) {
        List<String> columns = table.getResolvedSchema().getColumnNames();
        TableRow row = new TableRow(columns.indexOf(partition), columns.indexOf(time));
        DataType type = table.getResolvedSchema().toPhysicalRowDataType().bridgedTo(RowData.class);
        DataStream<RowData> rows = environment.toDataStream(table, type);
        return environment.fromDataStream(
                rows.transform(
                        "event time", rows.getType(), new PartitionTimeOperator<>(row, outOfOrderMillis, idleMillis)),
                Schema.newBuilder()
                        .columnByMetadata(ROWTIME, DataTypes.TIMESTAMP_LTZ(3))
                        .watermark(ROWTIME, "SOURCE_WATERMARK()")
                        .build());
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
