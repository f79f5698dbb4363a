package flinkscenarios.eventtime;

import java.util.List;
import java.util.OptionalLong;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.ChainingStrategy;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.types.Row;

/**
 * Emits watermarks that advance with the processing time while their stream is idle.
 *
 * <p>Flink ignores an idle input when it combines watermarks. When all inputs are idle, event time stops, and the last
 * windows never close.
 */
final class ClockOperator extends AbstractStreamOperator<Row> implements OneInputStreamOperator<Row, Row> {

    private static final long serialVersionUID = 1L;

    private static final long TICK_MILLIS = 200;

    private transient Clock clock;
    private transient boolean ticking;
    private transient ListState<Long> kept;

    ClockOperator() {
        setChainingStrategy(ChainingStrategy.ALWAYS);
    }

    /** Restores the event time: after a restart an idle stream sends no watermark. */
    @Override
    public void initializeState(StateInitializationContext context) throws Exception {
        super.initializeState(context);
        clock = new Clock();
        kept = context.getOperatorStateStore().getListState(new ListStateDescriptor<>("time", Long.class));
        for (long time : kept.get()) {
            clock.setWatermark(time);
        }
    }

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        super.snapshotState(context);
        // A job that was drained has reached the last watermark; event time cannot advance from there.
        boolean continues = clock.isSet() && clock.time() != Watermark.MAX_WATERMARK.getTimestamp();
        kept.update(continues ? List.of(clock.time()) : List.of());
    }

    @Override
    public void processElement(StreamRecord<Row> element) {
        // Only the watermarks matter.
    }

    @Override
    public void processWatermark(Watermark mark) {
        emit(clock.setWatermark(mark.getTimestamp()));
    }

    @Override
    public void processWatermarkStatus(WatermarkStatus status) {
        if (status.isActive()) {
            clock.setActive();
        } else {
            clock.setIdle(now());
            if (!ticking) {
                tick();
            }
        }
        // As long as there is no event time, this stream must not hold back others.
        if (!clock.isSet()) {
            output.emitWatermarkStatus(status);
        }
    }

    private void tick() {
        ticking = true;
        getProcessingTimeService().registerTimer(now() + TICK_MILLIS, this::ticked);
    }

    private void ticked(long time) {
        ticking = false;
        if (clock.isIdle()) {
            emit(clock.advance(time));
            tick();
        }
    }

    private long now() {
        return getProcessingTimeService().getCurrentProcessingTime();
    }

    private void emit(OptionalLong time) {
        time.ifPresent(millis -> output.emitWatermark(new Watermark(millis)));
    }
}
