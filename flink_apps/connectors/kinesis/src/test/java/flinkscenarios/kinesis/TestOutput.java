package flinkscenarios.kinesis;

import java.util.function.Consumer;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.table.data.RowData;

/** Takes the texts of rows, and no watermarks. */
class TestOutput implements ReaderOutput<RowData> {

    private final Consumer<String> texts;

    TestOutput(Consumer<String> texts) {
        this.texts = texts;
    }

    @Override
    public void collect(RowData row) {
        texts.accept(row.getString(0).toString());
    }

    @Override
    public void collect(RowData row, long timestamp) {
        collect(row);
    }

    @Override
    public void emitWatermark(Watermark watermark) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void markIdle() {
        // No watermarks, no idleness.
    }

    @Override
    public void markActive() {
        // Nor the contrary.
    }

    @Override
    public SourceOutput<RowData> createOutputForSplit(String splitId) {
        return this;
    }

    @Override
    public void releaseOutputForSplit(String splitId) {
        // There is only this one.
    }
}
