package flinkscenarios.parquet;

import java.io.IOException;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.RowDataSerializer;

/** Creates a {@link BufferedWriter} for each file, and counts the Parquet writers that they have open in this task. */
final class BufferedWriterFactory implements BulkWriter.Factory<RowData> {

    private static final long serialVersionUID = 1L;

    /** Each has buffers of more than 100 KB: a backfill of years over all zones would open tens of thousands. */
    static final int MOST_OPEN = 1_000;

    private final BulkWriter.Factory<RowData> writers;
    private final RowDataSerializer rows;
    private transient int open;

    BufferedWriterFactory(BulkWriter.Factory<RowData> writers, RowDataSerializer rows) {
        this.writers = writers;
        this.rows = rows;
    }

    @Override
    public BulkWriter<RowData> create(FSDataOutputStream file) {
        return new BufferedWriter(this, file, rows);
    }

    boolean isCrowded() {
        return open >= MOST_OPEN;
    }

    BulkWriter<RowData> open(FSDataOutputStream file) throws IOException {
        open++;
        return writers.create(file);
    }

    void closed() {
        open--;
    }
}
