package flinkscenarios.parquet;

import java.io.IOException;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.table.data.RowData;

/** Passes rows to a writer, a few dozen at a time. */
final class BufferedWriter implements BulkWriter<RowData> {

    /** The number of rows that share one load of the writer's state from main memory; more of them gain nothing. */
    static final int ROWS = 32;

    private final BulkWriter<RowData> writer;
    private final TypeSerializer<RowData> rows;
    private final RowData[] waiting = new RowData[ROWS];
    private int count;

    BufferedWriter(BulkWriter<RowData> writer, TypeSerializer<RowData> rows) {
        this.writer = writer;
        this.rows = rows;
    }

    @Override
    public void addElement(RowData row) throws IOException {
        waiting[count++] = rows.copy(row); // the caller reuses the row
        if (count == ROWS) {
            writeWaiting();
        }
    }

    @Override
    public void flush() throws IOException {
        writeWaiting();
        writer.flush();
    }

    @Override
    public void finish() throws IOException {
        writeWaiting();
        writer.finish();
    }

    private void writeWaiting() throws IOException {
        for (int i = 0; i < count; i++) {
            writer.addElement(waiting[i]);
            waiting[i] = null;
        }
        count = 0;
    }
}
