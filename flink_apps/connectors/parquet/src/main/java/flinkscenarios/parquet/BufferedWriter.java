package flinkscenarios.parquet;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.RowDataSerializer;

/** Passes rows to a Parquet writer, a few dozen at a time; it opens that writer as late as it can. */
final class BufferedWriter implements BulkWriter<RowData> {

    /** The number of rows that share one load of the writer's state from main memory; more of them gain nothing. */
    static final int ROWS = 32;

    /** With too many Parquet writers open, a file has so many rows before it gets one: a row takes less memory. */
    static final int MOST_ROWS = 1_000;

    private final BufferedWriterFactory factory;
    private final FSDataOutputStream file;
    private final RowDataSerializer rows;
    private final List<RowData> waiting = new ArrayList<>(1);
    private BulkWriter<RowData> writer;

    BufferedWriter(BufferedWriterFactory factory, FSDataOutputStream file, RowDataSerializer rows) {
        this.factory = factory;
        this.file = file;
        this.rows = rows;
    }

    @Override
    public void addElement(RowData row) throws IOException {
        boolean crowded = writer == null && factory.isCrowded();
        // The caller reuses the row. A binary one takes a few hundred bytes, another one an object a column.
        waiting.add(rows.copy(crowded ? rows.toBinaryRow(row) : row));
        if (waiting.size() >= (crowded ? MOST_ROWS : ROWS)) {
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
        factory.closed();
    }

    private void writeWaiting() throws IOException {
        if (writer == null) {
            writer = factory.open(file);
        }
        for (RowData row : waiting) {
            writer.addElement(row);
        }
        waiting.clear();
    }
}
