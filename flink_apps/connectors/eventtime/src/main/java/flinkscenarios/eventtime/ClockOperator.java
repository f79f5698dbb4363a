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
 * Watermarks that go on while their stream is idle.
 *
 * <p>Flink's own answer to an idle stream is to leave it out of the minimum; when all of it is idle, event time stands
 * still, and the last windows stay open for ever.
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

    /** The time is kept: after a restart in silence no watermark comes that it could go on from. */
    @Override
    public void initializeState(StateInitializationContext context) throws Exception {
        super.initializeState(context);
        clock = new Clock();
        kept = context.getOperatorStateStore().getListState(new ListStateDescriptor<>("time", Long.class));
        for (long time : kept.get()) {
            clock.set(time);
        }
    }

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        super.snapshotState(context);
        // What is drained has come to the end of time; nothing could go on from there.
        boolean goesOn = clock.isSet() && clock.time() != Watermark.MAX_WATERMARK.getTimestamp();
        kept.update(goesOn ? List.of(clock.time()) : List.of());
    }

    @Override
    public void processElement(StreamRecord<Row> element) {
        // Watermarks are all that this is about.
    }

    @Override
    public void processWatermark(Watermark mark) {
        emit(clock.set(mark.getTimestamp()));
    }

    @Override
    public void processWatermarkStatus(WatermarkStatus status) {
        if (status.isActive()) {
            clock.active();
        } else {
            clock.silent(now());
            if (!ticking) {
                tick();
            }
        }
        // Until there is a time to go on from, this stream must not hold up others.
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
        if (clock.isSilent()) {
            emit(clock.at(time));
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
