package flinkscenarios.packed;

import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.ChainingStrategy;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.types.Row;

/**
 * Buffers rows for a moment, and emits those of a key together: see {@link Packed#pack}.
 *
 * <p>It emits all buffered rows before each watermark and before each checkpoint: no row becomes late, and there is no
 * state.
 */
final class PackOperator extends AbstractStreamOperator<Row> implements OneInputStreamOperator<Row, Row> {

    private static final long serialVersionUID = 1L;

    /** The longest time that a row is buffered. */
    static final long MAX_DELAY_MILLIS = 200;
    /** The size at which the buffered rows are emitted at once. */
    static final int MAX_BYTES = 4 << 20;

    private final int numbers;

    private transient Map<Object, Batch> batches;
    private transient int bytes;
    private transient boolean scheduled;

    PackOperator(int numbers) {
        this.numbers = numbers;
        setChainingStrategy(ChainingStrategy.ALWAYS);
    }

    @Override
    public void open() throws Exception {
        super.open();
        batches = new LinkedHashMap<>();
        bytes = 0;
        scheduled = false;
    }

    @Override
    public void processElement(StreamRecord<Row> element) throws Exception {
        Row row = element.getValue();
        bytes += batches.computeIfAbsent(row.getField(0), key -> new Batch()).add(row.getFieldAs(1), numbers);
        if (bytes >= MAX_BYTES) {
            flush();
        } else if (!scheduled) {
            scheduled = true;
            long now = getProcessingTimeService().getCurrentProcessingTime();
            getProcessingTimeService().registerTimer(now + MAX_DELAY_MILLIS, this::due);
        }
    }

    @Override
    public void processWatermark(Watermark mark) throws Exception {
        flush();
        super.processWatermark(mark);
    }

    @Override
    public void processWatermarkStatus(WatermarkStatus status) throws Exception {
        // Nobody waits for an idle input: the watermarks of other inputs would overtake the buffered rows.
        flush();
        super.processWatermarkStatus(status);
    }

    @Override
    public void prepareSnapshotPreBarrier(long checkpointId) {
        flush();
    }

    @Override
    public void finish() throws Exception {
        flush();
        super.finish();
    }

    private void due(long time) {
        scheduled = false;
        flush();
    }

    private void flush() {
        batches.forEach((key, batch) -> output.collect(new StreamRecord<>(Row.of(key, batch.packed()))));
        batches.clear();
        bytes = 0;
    }
}
