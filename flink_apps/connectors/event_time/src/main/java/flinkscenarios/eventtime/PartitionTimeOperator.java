package flinkscenarios.eventtime;

import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.ChainingStrategy;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;

/**
 * Watermarks that wait for the slowest partition of a source: see {@link EventTime#partitioned}.
 *
 * <p>Kafka's table source has the like, the one of Kinesis has not: after a restart, when shards are read at different
 * speeds, what the slow ones hold would be late.
 */
final class PartitionTimeOperator<T> extends AbstractStreamOperator<T> implements OneInputStreamOperator<T, T> {

    private static final long serialVersionUID = 1L;

    private static final long TICK_MILLIS = 200;

    private final TimedRow<T> rows;
    private final long outOfOrderMillis;
    private final long idleMillis;

    private transient PartitionTimes times;
    private transient long watermark;
    private transient boolean idle;
    private transient boolean ended;

    PartitionTimeOperator(TimedRow<T> rows, long outOfOrderMillis, long idleMillis) {
        this.rows = rows;
        this.outOfOrderMillis = outOfOrderMillis;
        this.idleMillis = idleMillis;
        setChainingStrategy(ChainingStrategy.ALWAYS);
    }

    @Override
    public void open() throws Exception {
        super.open();
        times = new PartitionTimes(idleMillis, now());
        watermark = Long.MIN_VALUE;
        idle = false;
        ended = false;
        tick(now());
    }

    @Override
    public void processElement(StreamRecord<T> element) {
        T row = element.getValue();
        Long time = rows.time(row);
        if (time == null) {
            // What becomes a table again has to have some time, which nobody looks at.
            output.collect(element.replace(rows.withoutTime(row), element.hasTimestamp() ? element.getTimestamp() : 0));
            return;
        }
        times.add(rows.partition(row), time, now());
        output.collect(element.replace(rows.withoutTime(row), time));
    }

    @Override
    public void processWatermark(Watermark mark) throws Exception {
        if (mark.equals(Watermark.MAX_WATERMARK)) {
            ended = true;
            // The last windows are to fire, and nobody hears the watermarks of who is idle.
            output.emitWatermarkStatus(WatermarkStatus.ACTIVE);
            super.processWatermark(mark);
        }
    }

    @Override
    public void processWatermarkStatus(WatermarkStatus status) {
        // Who is idle is decided here.
    }

    private void tick(long time) {
        if (ended) {
            return;
        }
        boolean wasIdle = idle;
        idle = times.isIdle(time);
        if (wasIdle && !idle) {
            output.emitWatermarkStatus(WatermarkStatus.ACTIVE);
        }
        // Before the stream falls silent, too: what it has reached is where its reader's time goes on from.
        times.reached(time).ifPresent(this::emit);
        if (idle && !wasIdle) {
            output.emitWatermarkStatus(WatermarkStatus.IDLE);
        }
        getProcessingTimeService().registerTimer(time + TICK_MILLIS, this::tick);
    }

    private void emit(long reached) {
        // A watermark says that its own millisecond is over, too.
        long next = reached - outOfOrderMillis - 1;
        if (next > watermark) {
            watermark = next;
            output.emitWatermark(new Watermark(next));
        }
    }

    private long now() {
        return getProcessingTimeService().getCurrentProcessingTime();
    }
}
