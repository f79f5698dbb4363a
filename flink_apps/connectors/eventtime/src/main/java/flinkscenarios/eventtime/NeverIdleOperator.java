package flinkscenarios.eventtime;

import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.ChainingStrategy;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;

/**
 * Passes on everything but idleness: what follows waits for the watermarks of each of these tasks.
 *
 * <p>A row that is not late to one task's watermark is then not late to the windows after the next exchange either. Were
 * the task idle there, they would be ahead of it.
 *
 * <p>Each task has to receive from all tasks of the source, so that it has a watermark as long as one of them has.
 */
final class NeverIdleOperator<T> extends AbstractStreamOperator<T> implements OneInputStreamOperator<T, T> {

    private static final long serialVersionUID = 1L;

    NeverIdleOperator() {
        setChainingStrategy(ChainingStrategy.ALWAYS);
    }

    @Override
    public void processElement(StreamRecord<T> element) {
        output.collect(element);
    }

    @Override
    public void processWatermarkStatus(WatermarkStatus status) {}
}
