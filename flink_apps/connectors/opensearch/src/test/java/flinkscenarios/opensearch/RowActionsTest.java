package flinkscenarios.opensearch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.types.RowKind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RowActionsTest {

    private static final DataType ROW =
            DataTypes.ROW(
                    DataTypes.FIELD("id", DataTypes.STRING()),
                    DataTypes.FIELD("kind", DataTypes.STRING()),
                    DataTypes.FIELD("raw", DataTypes.BYTES()));

    private static final Map<String, String> INDEX_OF_ROW = Map.of("index-column", "kind");
    private static final Map<String, String> ID_OF_ROW = Map.of("index-column", "kind", "id-column", "id");

    private static BulkAction action(RowData row, Map<String, String> options) {
        Map<String, String> all = new HashMap<>(options);
        all.put("document-column", "raw");
        DocumentColumns columns = DocumentColumns.from(Configuration.fromMap(all), ROW);
        return new RowActions(columns, RowDocument.ofColumn(columns), "rejected").of(row);
    }

    private static RowData row(RowKind kind, String id, String index, String document) {
        return GenericRowData.ofKind(
                kind,
                StringData.fromString(id),
                StringData.fromString(index),
                document == null ? null : document.getBytes(StandardCharsets.UTF_8));
    }

    private static String written(BulkAction action) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        action.writeTo(body);
        return body.toString(StandardCharsets.UTF_8);
    }

    private static Map<?, ?> rejection(RowData row) throws IOException {
        BulkAction action = action(row, ID_OF_ROW);
        assertNotNull(action);
        assertEquals("rejected", action.index());
        return new ObjectMapper().readValue(action.document(), Map.class);
    }

    private static Object reason(RowKind kind, String id, String index, String document) throws IOException {
        return rejection(row(kind, id, index, document)).get("reason");
    }

    @Test
    void aRowIsIndexedUnderItsIdInItsIndexAsItIs() {
        for (RowKind kind : new RowKind[] {RowKind.INSERT, RowKind.UPDATE_AFTER}) {
            BulkAction action = action(row(kind, "7", "trips", "{\"a\": 1.10}"), ID_OF_ROW);
            assertEquals("{\"index\":{\"_index\":\"trips\",\"_id\":\"7\"}}\n{\"a\": 1.10}\n", written(action));
        }
    }

    @Test
    void aDocumentOfSeveralLinesIsSentAsOne() {
        String document = "{\n  \"a\": 1\n}\n";
        BulkAction action = action(row(RowKind.INSERT, "7", "trips", document), ID_OF_ROW);
        assertEquals("{\"index\":{\"_index\":\"trips\",\"_id\":\"7\"}}\n{   \"a\": 1 } \n", written(action));
        assertArrayEquals(document.getBytes(StandardCharsets.UTF_8), action.document());
    }

    @Test
    void withoutAnIdColumnOpenSearchMakesTheId() {
        assertNull(action(row(RowKind.INSERT, "7", "trips", "{}"), INDEX_OF_ROW).id());
    }

    @Test
    void aDeletionIsById() {
        BulkAction action = action(row(RowKind.DELETE, "7", "trips", "{}"), ID_OF_ROW);
        assertEquals("{\"delete\":{\"_index\":\"trips\",\"_id\":\"7\"}}\n", written(action));
    }

    @Test
    void whatARowWasBeforeAnUpdateIsDeletedUnlessItWasRejected() {
        BulkAction action = action(row(RowKind.UPDATE_BEFORE, "7", "trips", "{}"), ID_OF_ROW);
        assertEquals("{\"delete\":{\"_index\":\"trips\",\"_id\":\"7\"}}\n", written(action));
        assertNull(action(row(RowKind.UPDATE_BEFORE, null, "trips", "{}"), ID_OF_ROW));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"a\":\n", "{\"a\": \"one\ntwo\"}", "no\njson"})
    void aDocumentThatIsNotOneLineNorJsonIsRejectedAsItCame(String document) throws IOException {
        Map<?, ?> kept = rejection(row(RowKind.INSERT, "7", "trips", document));
        assertEquals(document, kept.get("document"));
        assertTrue(kept.get("reason").toString().startsWith("not_sent: malformed document: "), kept.toString());
    }

    @Test
    void aRowWithoutIdIndexOrDocumentIsRejected() throws IOException {
        RowKind insert = RowKind.INSERT;
        assertEquals("not_sent: the id is missing", reason(insert, null, "trips", "{}"));
        assertEquals("not_sent: the id is missing", reason(insert, "", "trips", "{}"));
        assertEquals("not_sent: the id is missing", reason(RowKind.DELETE, null, "trips", "{}"));
        assertEquals("not_sent: the index is missing", reason(insert, "7", null, "{}"));
        assertEquals("not_sent: the index is missing", reason(insert, "7", "", "{}"));
        assertEquals("not_sent: the document is missing", reason(insert, "7", "trips", null));
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "ü"})
    void anIdThatIsTooLongIsRejected(String letter) throws IOException {
        int most = 512 / letter.getBytes(StandardCharsets.UTF_8).length;
        String longest = letter.repeat(most);
        assertEquals(longest, action(row(RowKind.INSERT, longest, "trips", "{}"), ID_OF_ROW).id());
        assertEquals(
                "not_sent: the id is longer than 512 bytes", reason(RowKind.INSERT, longest + letter, "trips", "{}"));
    }

    @Test
    void theIndexOfRejectedDocumentsTakesNoOthers() throws IOException {
        assertEquals(
                "not_sent: the index of rejected documents takes no others",
                reason(RowKind.INSERT, "7", "rejected", "{}"));
    }

    @Test
    void onlyTheTableMayNameAnIndexByDateMath() throws IOException {
        String dated = "<trips-{now/d}>";
        assertEquals(
                "not_sent: the index of a row must be a plain name", reason(RowKind.INSERT, "7", dated, "{}"));
        assertEquals(dated, action(row(RowKind.INSERT, "7", "trips", "{}"), Map.of("index", dated)).index());
    }
}
