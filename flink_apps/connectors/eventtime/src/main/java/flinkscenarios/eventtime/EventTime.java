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

/** Entry points for jobs in Python: streams and tables in event time. */
public final class EventTime {

    /** The name of a table's time attribute. */
    static final String ROWTIME = "rowtime";

    private EventTime() {}

    /**
     * Assigns event time to rows of a key and a value. The watermark follows the slowest partition of their source.
     *
     * @param table rows of a key, a value, the partition, and the event time in milliseconds, which is null for a row
     *     that does not advance the watermark
     * @param maxOutOfOrdernessMillis how far a row may be behind the latest one of its partition
     * @param idleTimeoutMillis after how long without a row a partition is idle, and the watermark does not wait for it;
     *     after a start no partition is idle for so long
     */
    public static DataStream<Row> partitioned(
            DataStream<Row> table, TypeInformation<Row> type, long maxOutOfOrdernessMillis, long idleTimeoutMillis) {
        return table.transform(
                "event time",
                type,
                new PartitionTimeOperator<>(new KeyedRow(), maxOutOfOrdernessMillis, idleTimeoutMillis));
    }

    /**
     * Assigns event time to a table. The watermark follows the slowest partition of its source.
     *
     * <p>The table gets an additional column, {@code rowtime}, the time attribute that windows need. Its value is
     * arbitrary in a row without a time. Rows stay in Flink's internal form: nothing is converted.
     *
     * @param partition the STRING column with the partition of the source from which a row came
     * @param time the BIGINT column with the event time in milliseconds; NULL for a row that does not advance the
     *     watermark
     * @param maxOutOfOrdernessMillis how far a row may be behind the latest one of its partition
     * @param idleTimeoutMillis after how long without a row a partition is idle, and the watermark does not wait for it;
     *     after a start no partition is idle for so long
     */
    public static Table partitioned(
            StreamTableEnvironment environment,
            Table table,
            String partition,
            String time,
            long maxOutOfOrdernessMillis,
            long idleTimeoutMillis) {
        List<String> columns = table.getResolvedSchema().getColumnNames();
        TableRow row = new TableRow(columns.indexOf(partition), columns.indexOf(time));
        DataType type = table.getResolvedSchema().toPhysicalRowDataType().bridgedTo(RowData.class);
        DataStream<RowData> rows = environment.toDataStream(table, type);
        return environment.fromDataStream(
                rows.transform(
                        "event time",
                        rows.getType(),
                        new PartitionTimeOperator<>(row, maxOutOfOrdernessMillis, idleTimeoutMillis)),
                Schema.newBuilder()
                        .columnByMetadata(ROWTIME, DataTypes.TIMESTAMP_LTZ(3))
                        .watermark(ROWTIME, "SOURCE_WATERMARK()")
                        .build());
    }

    /**
     * Gives events without a time of their own the watermarks of another stream.
     *
     * <p>While that stream is idle, event time advances with the processing time. One task emits all events, so they
     * have to be few.
     *
     * @param events are emitted unchanged
     * @param timed only its watermarks are used
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
