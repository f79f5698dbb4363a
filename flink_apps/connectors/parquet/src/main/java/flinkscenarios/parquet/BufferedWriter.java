package flinkscenarios.parquet;

import java.io.IOException;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.table.data.RowData;

/** Hands rows on to a writer a few dozen at a time. */
final class BufferedWriter implements BulkWriter<RowData> {

    /** So many rows share what it takes to get the writer's state from main memory; more of them gain nothing. */
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
        waiting[count++] = rows.copy(row); // the caller uses the row again
        if (count == ROWS) {
            handOn();
        }
    }

    @Override
    public void flush() throws IOException {
        handOn();
        writer.flush();
    }

    @Override
    public void finish() throws IOException {
        handOn();
        writer.finish();
    }

    private void handOn() throws IOException {
        for (int place = 0; place < count; place++) {
            writer.addElement(waiting[place]);
            waiting[place] = null;
        }
        count = 0;
    }
}
