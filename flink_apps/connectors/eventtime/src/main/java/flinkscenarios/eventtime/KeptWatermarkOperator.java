package flinkscenarios.eventtime;

import java.util.List;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.ChainingStrategy;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;

/**
 * Keeps the watermark of a source in the checkpoint.
 *
 * <p>A source begins without a watermark again after a restart, the windows of a table do not: a late row would pass for
 * one in time, and the window would drop it. This operator emits the watermark of the checkpoint ahead of the first row.
 */
final class KeptWatermarkOperator<T> extends AbstractStreamOperator<T>
        implements OneInputStreamOperator<T, T>, BoundedOneInput {

    private static final long serialVersionUID = 1L;

    private transient ListState<Tuple2<Long, Boolean>> watermarks;
    private transient long watermark;
    private transient boolean announced;
    private transient boolean idle;
    private transient boolean ended;

    KeptWatermarkOperator() {
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
        announced = watermark == Long.MIN_VALUE;
        idle = false;
        ended = false;
        if (!announced) {
            // Nothing can be emitted yet, and the first row may be long in coming.
            getProcessingTimeService()
                    .registerTimer(getProcessingTimeService().getCurrentProcessingTime(), time -> announce());
        }
    }

    @Override
    public void processElement(StreamRecord<T> element) throws Exception {
        announce();
        output.collect(element);
    }

    @Override
    public void processWatermark(Watermark mark) throws Exception {
        announce();
        if (mark.equals(Watermark.MAX_WATERMARK)) {
            endInput();
        } else if (mark.getTimestamp() > watermark) {
            watermark = mark.getTimestamp();
            super.processWatermark(mark);
        }
    }

    /**
     * Ends event time, so that the last windows fire. Of an idle source, whose watermarks are ignored, the last one has not
     * come this far.
     */
    @Override
    public void endInput() throws Exception {
        announce();
        if (!ended) {
            ended = true;
            output.emitWatermarkStatus(WatermarkStatus.ACTIVE);
            super.processWatermark(Watermark.MAX_WATERMARK);
        }
    }

    @Override
    public void processWatermarkStatus(WatermarkStatus status) throws Exception {
        announce();
        idle = status.isIdle();
        super.processWatermarkStatus(status);
    }

    private void announce() throws Exception {
        if (!announced) {
            announced = true;
            super.processWatermark(new Watermark(watermark));
        }
    }
}
