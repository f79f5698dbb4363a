package flinkscenarios.json;

import static flinkscenarios.json.TestFormats.schema;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.junit.jupiter.api.Test;

class JsonRawEncodingTest {

    private static final ResolvedSchema SINK = schema("vendor", DataTypes.INT(), "raw", DataTypes.BYTES().notNull());

    private static byte[] encode(ResolvedSchema schema, Map<String, String> format, RowData row) throws Exception {
        return TestFormats.encoder(schema, format).serialize(row);
    }

    @Test
    void theMessageIsTheBytesAsTheyAre() throws Exception {
        byte[] bytes = "not even JSON \u00ff".getBytes(UTF_8);
        assertArrayEquals(bytes, encode(SINK, Map.of(), GenericRowData.of(1, bytes)));
    }

    @Test
    void theBytesMayBeInAnotherColumn() throws Exception {
        byte[] bytes = {1, 2, 3};
        ResolvedSchema renamed = schema("raw", DataTypes.INT(), "message", DataTypes.BYTES());
        assertArrayEquals(bytes, encode(renamed, Map.of("raw-column", "message"), GenericRowData.of(1, bytes)));
    }

    @Test
    void aRowWithoutBytesStopsTheJob() {
        Exception refusal =
                assertThrows(
                        IllegalArgumentException.class, () -> encode(SINK, Map.of(), GenericRowData.of(1, null)));
        assertEquals(
                "column 'raw' must be the bytes of a message (got NULL); filter with `raw` IS NOT NULL",
                refusal.getMessage());
    }

    @Test
    void aTableWithoutTheColumnIsRefused() {
        Exception refusal =
                assertThrows(
                        ValidationException.class,
                        () -> TestFormats.encoder(schema("raw", DataTypes.STRING()), Map.of()));
        assertEquals(
                "a table with the format 'json-raw' must have the column `raw` BYTES (got ROW<`raw` STRING> NOT NULL);"
                        + " declare it, or name another one by 'raw-column'",
                refusal.getMessage());
    }

    @Test
    void onlyInsertsAreTaken() {
        assertEquals(ChangelogMode.insertOnly(), TestFormats.changes(SINK));
    }
}
