package flinkscenarios.eventtime;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.datastream.DataStream;
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
     * Keeps the watermark of a stream in the checkpoint: see {@link KeptWatermarkOperator}.
     *
     * @param stream has the watermarks of its source
     */
    public static <T> DataStream<T> kept(DataStream<T> stream) {
        return stream.transform("event time", stream.getType(), new KeptWatermarkOperator<>()).uid("event-time");
    }

    /**
     * Gives each task the watermark of all tasks of the source, and keeps it in the checkpoint.
     *
     * <p>Windows have the time of all tasks: to one that knows only its own shards, a row can be in time which they drop.
     *
     * @param stream has the watermarks of its source
     */
    static <T> DataStream<T> aligned(DataStream<T> stream) {
        boolean alone = stream.getExecutionEnvironment().getParallelism() == 1;
        return neverIdle(kept(alone ? stream : stream.rebalance()));
    }

    /**
     * Lets what follows wait for the watermark of each task: see {@link NeverIdleOperator}.
     *
     * @param stream each of its tasks receives from all tasks of the source
     */
    public static <T> DataStream<T> neverIdle(DataStream<T> stream) {
        return stream.transform("never idle", stream.getType(), new NeverIdleOperator<>()).uid("never-idle");
    }

    /**
     * Keeps the watermark of a table in the checkpoint. Rows stay in Flink's internal form: nothing is converted.
     *
     * <p>A row that is in time for {@code CURRENT_WATERMARK} is in time for the windows: they do not run ahead of it.
     *
     * <p>The table gets an additional column, {@code rowtime}, the time attribute that windows need.
     *
     * @param table has the watermarks of its source, but no time attribute
     * @param time the BIGINT column with the event time in milliseconds; the attribute is NULL where it is NULL
     */
    public static Table kept(StreamTableEnvironment environment, Table table, String time) {
        DataType type = table.getResolvedSchema().toPhysicalRowDataType().bridgedTo(RowData.class);
        DataStream<RowData> rows = environment.toDataStream(table, type);
        return environment.fromDataStream(
                aligned(rows),
                Schema.newBuilder()
                        .columnByExpression(ROWTIME, "TO_TIMESTAMP_LTZ(`" + time + "`, 3)")
                        .watermark(ROWTIME, "SOURCE_WATERMARK()")
                        .build());
    }

    /**
     * The event time of a stream, as watermarks without rows: while the stream is idle, it advances with the processing
     * time.
     */
    public static DataStream<Row> clock(DataStream<Row> timed) {
        return timed.filter(row -> false)
                .name("watermarks")
                .transform("clock", timed.getType(), new ClockOperator())
                .uid("clock")
                .setParallelism(1);
    }

    /**
     * Gives events without a time of their own the watermarks of a {@link #clock}.
     *
     * <p>One task emits all events, so they have to be few.
     *
     * @param events are emitted unchanged
     */
    public static DataStream<Row> timedBy(DataStream<Row> events, DataStream<Row> clock, TypeInformation<Row> type) {
        return events.connect(clock).transform("timed", type, new TimedOperator()).setParallelism(1);
    }

    /**
     * Adds the event time that was before it to each row, also right after a restart: see {@link StampOperator}.
     *
     * @param rows of a key and a value, which is a row
     * @param clock of the same stream
     * @param type of a key and a value with one more field, the time in milliseconds
     */
    public static DataStream<Row> stamped(DataStream<Row> rows, DataStream<Row> clock, TypeInformation<Row> type) {
        return rows.connect(clock).transform("stamped", type, new StampOperator()).uid("stamped");
    }
}
