package flinkscenarios.json;

import java.io.BufferedOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.zip.GZIPOutputStream;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.table.data.RowData;

/** Writes rows, one per line, to a file that it does not close: Flink does. */
final class JsonLinesWriter implements BulkWriter<RowData> {

    private static final int BUFFER_BYTES = 64 * 1024;

    private final SerializationSchema<RowData> encoder;
    private final OutputStream lines;

    JsonLinesWriter(SerializationSchema<RowData> encoder, OutputStream file, JsonLinesCompression compression)
            throws IOException {
        this.encoder = encoder;
        this.lines = new BufferedOutputStream(compress(new UnclosedStream(file), compression), BUFFER_BYTES);
    }

    private static OutputStream compress(OutputStream file, JsonLinesCompression compression) throws IOException {
        return compression == JsonLinesCompression.GZIP ? new GZIPOutputStream(file, BUFFER_BYTES) : file;
    }

    @Override
    public void addElement(RowData row) throws IOException {
        lines.write(encoder.serialize(row));
        lines.write('\n');
    }

    @Override
    public void flush() throws IOException {
        lines.flush();
    }

    @Override
    public void finish() throws IOException {
        // Closing writes the end of the compressed data, and frees the compressor's memory.
        lines.close();
    }

    /** Keeps the file open when the streams around it are closed. */
    private static final class UnclosedStream extends FilterOutputStream {

        private UnclosedStream(OutputStream file) {
            super(file);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            // The superclass writes byte by byte.
            out.write(bytes, offset, length);
        }

        @Override
        public void close() throws IOException {
            flush();
        }
    }
}
