package flinkscenarios.eventtime;

import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.TwoInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.types.Row;

/** Emits the rows of the first input with the watermarks of the second one. */
final class TimedOperator extends AbstractStreamOperator<Row> implements TwoInputStreamOperator<Row, Row, Row> {

    private static final long serialVersionUID = 1L;

    private transient boolean firstEnded;
    private transient boolean secondEnded;

    @Override
    public void processElement1(StreamRecord<Row> element) {
        output.collect(element);
    }

    @Override
    public void processElement2(StreamRecord<Row> element) {
        // Only the watermarks of the second input matter.
    }

    @Override
    public void processWatermark1(Watermark mark) throws Exception {
        if (mark.equals(Watermark.MAX_WATERMARK)) {
            firstEnded = true;
            end();
        }
    }

    @Override
    public void processWatermark2(Watermark mark) throws Exception {
        if (mark.equals(Watermark.MAX_WATERMARK)) {
            secondEnded = true;
            end();
        } else {
            processWatermark(mark);
        }
    }

    /** Emits the last watermark once both inputs have ended: it says that nothing follows. */
    private void end() throws Exception {
        if (firstEnded && secondEnded) {
            processWatermark(Watermark.MAX_WATERMARK);
        }
    }
}
