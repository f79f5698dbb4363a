package flinkscenarios.json;

import static flinkscenarios.json.TestFormats.schema;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.LocalDateTime;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.Test;

class JsonLinesTest {

    private static final ResolvedSchema TRIPS =
            schema(
                    "id", DataTypes.BIGINT(),
                    "zone", DataTypes.STRING(),
                    "at", DataTypes.TIMESTAMP(3),
                    "fare", DataTypes.DECIMAL(20, 10));

    private static final RowData FIRST =
            GenericRowData.of(
                    1L,
                    StringData.fromString("Zürich\n\"Süd\""),
                    TimestampData.fromLocalDateTime(LocalDateTime.of(2024, 1, 2, 3, 4, 5)),
                    DecimalData.fromBigDecimal(new BigDecimal("0.0000000001"), 20, 10));

    private static final RowData SECOND = GenericRowData.of(2L, null, null, null);

    private static final String LINES =
            "{\"id\":1,\"zone\":\"Zürich\\n\\\"Süd\\\"\",\"at\":\"2024-01-02T03:04:05\",\"fare\":0.0000000001}\n"
                    + "{\"id\":2}\n";

    /** What a file gets, and whether it was closed. */
    private static final class MemoryFile extends FSDataOutputStream {

        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private boolean closed;

        @Override
        public long getPos() {
            return bytes.size();
        }

        @Override
        public void write(int value) {
            bytes.write(value);
        }

        @Override
        public void write(byte[] values, int offset, int length) {
            bytes.write(values, offset, length);
        }

        @Override
        public void flush() {}

        @Override
        public void sync() {}

        @Override
        public void close() {
            closed = true;
        }
    }

    private static MemoryFile write(Map<String, String> format, RowData... rows) throws Exception {
        MemoryFile file = new MemoryFile();
        BulkWriter.Factory<RowData> writers = InstantiationUtil.clone(TestFormats.writers(TRIPS, format));
        BulkWriter<RowData> writer = writers.create(file);
        for (RowData row : rows) {
            writer.addElement(row);
        }
        writer.finish();
        return file;
    }

    @Test
    void eachRowIsALineWithoutItsNulls() throws Exception {
        assertEquals(LINES, write(Map.of(), FIRST, SECOND).bytes.toString(UTF_8));
    }

    @Test
    void gzipHoldsTheSameLines() throws Exception {
        byte[] compressed = write(Map.of("compression", "gzip"), FIRST, SECOND).bytes.toByteArray();
        try (GZIPInputStream lines = new GZIPInputStream(new ByteArrayInputStream(compressed))) {
            assertEquals(LINES, new String(lines.readAllBytes(), UTF_8));
        }
    }

    @Test
    void theFileIsLeftOpen() throws Exception {
        assertFalse(write(Map.of(), FIRST).closed);
        assertFalse(write(Map.of("compression", "gzip"), FIRST).closed);
    }

    @Test
    void flushedRowsAreInTheFile() throws IOException {
        MemoryFile file = new MemoryFile();
        BulkWriter<RowData> writer = TestFormats.writers(TRIPS, Map.of()).create(file);
        writer.addElement(SECOND);
        assertEquals("", file.bytes.toString(UTF_8));
        writer.flush();
        assertEquals("{\"id\":2}\n", file.bytes.toString(UTF_8));
    }

    @Test
    void twoOpenFilesDoNotMixTheirRows() throws IOException {
        BulkWriter.Factory<RowData> writers = TestFormats.writers(TRIPS, Map.of());
        MemoryFile one = new MemoryFile();
        MemoryFile two = new MemoryFile();
        BulkWriter<RowData> first = writers.create(one);
        first.addElement(FIRST);
        BulkWriter<RowData> second = writers.create(two);
        second.addElement(SECOND);
        first.addElement(SECOND);
        first.finish();
        second.finish();
        assertEquals(LINES, one.bytes.toString(UTF_8));
        assertEquals("{\"id\":2}\n", two.bytes.toString(UTF_8));
    }

    @Test
    void anUnknownCompressionIsRefused() {
        Exception refusal =
                assertThrows(
                        ValidationException.class, () -> TestFormats.writers(TRIPS, Map.of("compression", "zip")));
        assertEquals("'compression' must be none or gzip (got zip); write one of them", refusal.getMessage());
    }
}
