package flinkscenarios.parquet;

import java.io.IOException;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.table.data.RowData;

/** Creates a {@link BufferedWriter} for each file. */
final class BufferedWriterFactory implements BulkWriter.Factory<RowData> {

    private static final long serialVersionUID = 1L;

    private final BulkWriter.Factory<RowData> writers;
    private final TypeSerializer<RowData> rows;

    BufferedWriterFactory(BulkWriter.Factory<RowData> writers, TypeSerializer<RowData> rows) {
        this.writers = writers;
        this.rows = rows;
    }

    @Override
    public BulkWriter<RowData> create(FSDataOutputStream file) throws IOException {
        return new BufferedWriter(writers.create(file), rows);
    }
}
