package flinkscenarios.eventtime;

import java.util.List;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.ChainingStrategy;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;

/**
 * Emits watermarks that wait for the slowest partition of a source: see {@link EventTime#partitioned}.
 *
 * <p>Kafka's table source has such watermarks, the one of Kinesis does not: after a restart it reads shards at
 * different speeds, and the records of the slow ones would be late.
 *
 * <p>A restart continues from the watermark of the checkpoint. Otherwise a late row would be on time until all
 * partitions are known again.
 */
final class PartitionTimeOperator<T> extends AbstractStreamOperator<T> implements OneInputStreamOperator<T, T> {

    private static final long serialVersionUID = 1L;

    private static final long TICK_MILLIS = 200;

    private final TimedRow<T> rows;
    private final long maxOutOfOrdernessMillis;
    private final long idleTimeoutMillis;

    private transient ListState<Tuple2<Long, Boolean>> watermarks;
    private transient PartitionTimes times;
    private transient long watermark;
    private transient boolean announced;
    private transient boolean idle;
    private transient boolean ended;

    PartitionTimeOperator(TimedRow<T> rows, long maxOutOfOrdernessMillis, long idleTimeoutMillis) {
        this.rows = rows;
        this.maxOutOfOrdernessMillis = maxOutOfOrdernessMillis;
        this.idleTimeoutMillis = idleTimeoutMillis;
        setChainingStrategy(ChainingStrategy.ALWAYS);
    }

    @Override
    public void initializeState(StateInitializationContext context) throws Exception {
        super.initializeState(context);
        // The watermark of each task, and whether the task was idle: the parallelism may have changed since.
        watermarks =
                context.getOperatorStateStore()
                        .getUnionListState(
                                new ListStateDescriptor<>("watermarks", Types.TUPLE(Types.LONG, Types.BOOLEAN)));
        long slowest = Long.MAX_VALUE;
        long furthest = Long.MIN_VALUE;
        for (Tuple2<Long, Boolean> task : watermarks.get()) {
            slowest = task.f1 ? slowest : Math.min(slowest, task.f0);
            furthest = Math.max(furthest, task.f0);
        }
        watermark = Math.min(slowest, furthest);
    }

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        super.snapshotState(context);
        watermarks.update(List.of(Tuple2.of(watermark, idle)));
    }

    @Override
    public void open() throws Exception {
        super.open();
        times = new PartitionTimes(idleTimeoutMillis, now());
        announced = watermark == Long.MIN_VALUE;
        idle = false;
        ended = false;
        tick(now());
    }

    @Override
    public void processElement(StreamRecord<T> element) {
        announce();
        T row = element.getValue();
        Long time = rows.time(row);
        if (time == null) {
            // A table needs some time in each row; nothing reads this one.
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
            // The last windows have to fire, but an idle input's watermarks are ignored.
            output.emitWatermarkStatus(WatermarkStatus.ACTIVE);
            super.processWatermark(mark);
        }
    }

    @Override
    public void processWatermarkStatus(WatermarkStatus status) {
        // This operator decides by itself which partitions are idle.
    }

    private void tick(long time) {
        if (ended) {
            return;
        }
        announce();
        boolean wasIdle = idle;
        idle = times.isIdle(time);
        if (wasIdle && !idle) {
            output.emitWatermarkStatus(WatermarkStatus.ACTIVE);
        }
        // Also before the stream becomes idle: its reader's event time advances from this watermark.
        times.reached(time).ifPresent(this::emit);
        if (idle && !wasIdle) {
            output.emitWatermarkStatus(WatermarkStatus.IDLE);
        }
        getProcessingTimeService().registerTimer(time + TICK_MILLIS, this::tick);
    }

    /** Emits the watermark from before a restart, ahead of the first row. */
    private void announce() {
        if (!announced) {
            announced = true;
            output.emitWatermark(new Watermark(watermark));
        }
    }

    private void emit(long reached) {
        // A watermark includes its own millisecond.
        long next = reached - maxOutOfOrdernessMillis - 1;
        if (next > watermark) {
            watermark = next;
            output.emitWatermark(new Watermark(next));
        }
    }

    private long now() {
        return getProcessingTimeService().getCurrentProcessingTime();
    }
}
