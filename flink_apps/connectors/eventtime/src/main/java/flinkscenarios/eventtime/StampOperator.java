package flinkscenarios.eventtime;

import java.util.List;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.TwoInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.types.Row;

/**
 * Adds to each row of the first input the event time that was before it: see {@link EventTime#stamped}.
 *
 * <p>Event time is that of both inputs, and is kept in the checkpoint, like that of the windows behind. After a restart an
 * operator has no watermark until one has come by each of its inputs. By the time in a row it knows all the same which
 * windows are over.
 */
final class StampOperator extends AbstractStreamOperator<Row> implements TwoInputStreamOperator<Row, Row, Row> {

    private static final long serialVersionUID = 1L;

    private transient ListState<Long> times;
    private transient long time;
    private transient long emitted;

    @Override
    public void initializeState(StateInitializationContext context) throws Exception {
        super.initializeState(context);
        // The time of each task: the parallelism may have changed since.
        times = context.getOperatorStateStore().getUnionListState(new ListStateDescriptor<>("times", Long.class));
        long slowest = Long.MAX_VALUE;
        for (long one : times.get()) {
            slowest = Math.min(slowest, one);
        }
        emitted = Long.MIN_VALUE;
        time = slowest == Long.MAX_VALUE ? Long.MIN_VALUE : slowest;
    }

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        super.snapshotState(context);
        times.update(List.of(time));
    }

    @Override
    public void processElement1(StreamRecord<Row> element) {
        Row row = element.getValue();
        output.collect(new StreamRecord<>(Row.of(row.getField(0), Row.join(row.getFieldAs(1), Row.of(time)))));
    }

    @Override
    public void processElement2(StreamRecord<Row> element) {
        // Only the watermarks of the second input matter.
    }

    /** Takes the earlier watermark of both inputs; time does not go back behind that of the checkpoint. */
    @Override
    public void processWatermark(Watermark mark) throws Exception {
        if (mark.equals(Watermark.MAX_WATERMARK)) {
            // The end is not kept: a job that was drained goes on from its last time.
            super.processWatermark(mark);
            return;
        }
        time = Math.max(time, mark.getTimestamp());
        if (time > emitted) {
            emitted = time;
            super.processWatermark(new Watermark(time));
        }
    }
}
