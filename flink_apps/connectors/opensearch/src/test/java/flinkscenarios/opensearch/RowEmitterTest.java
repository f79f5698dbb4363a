package flinkscenarios.opensearch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.opensearch.sink.RequestIndexer;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.types.RowKind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensearch.action.DocWriteRequest;
import org.opensearch.action.delete.DeleteRequest;
import org.opensearch.action.index.IndexRequest;
import org.opensearch.action.update.UpdateRequest;

class RowEmitterTest {

    private static final DataType ROW =
            DataTypes.ROW(
                    DataTypes.FIELD("id", DataTypes.STRING()),
                    DataTypes.FIELD("kind", DataTypes.STRING()),
                    DataTypes.FIELD("raw", DataTypes.BYTES()));

    /** What a row becomes; nothing, or one request. */
    private static List<DocWriteRequest<?>> emit(RowData row, String... options) {
        Map<String, String> all = new HashMap<>(Map.of("index-column", "kind", "document-column", "raw"));
        for (int i = 0; i < options.length; i += 2) {
            all.put(options[i], options[i + 1]);
        }
        DocumentColumns columns = DocumentColumns.from(Configuration.fromMap(all), ROW);
        Requests requests = new Requests();
        new RowEmitter(columns, RowDocument.ofColumn(columns), "rejected").emit(row, null, requests);
        return requests.all;
    }

    private static final class Requests implements RequestIndexer {

        private final List<DocWriteRequest<?>> all = new ArrayList<>();

        @Override
        public void add(DeleteRequest... requests) {
            all.addAll(List.of(requests));
        }

        @Override
        public void add(IndexRequest... requests) {
            all.addAll(List.of(requests));
        }

        @Override
        public void add(UpdateRequest... requests) {
            all.addAll(List.of(requests));
        }
    }

    private static RowData row(RowKind kind, String id, String index, String document) {
        return GenericRowData.ofKind(
                kind,
                StringData.fromString(id),
                StringData.fromString(index),
                document == null ? null : document.getBytes(StandardCharsets.UTF_8));
    }

    private static Map<String, Object> rejection(RowData row) {
        List<DocWriteRequest<?>> requests = emit(row, "id-column", "id");
        assertEquals(1, requests.size());
        assertEquals("rejected", requests.get(0).index());
        return assertInstanceOf(IndexRequest.class, requests.get(0)).sourceAsMap();
    }

    @Test
    void aRowIsIndexedUnderItsIdInItsIndexAsItIs() {
        for (RowKind kind : new RowKind[] {RowKind.INSERT, RowKind.UPDATE_AFTER}) {
            List<DocWriteRequest<?>> requests = emit(row(kind, "7", "trips", "{\"a\": 1.10}"), "id-column", "id");
            IndexRequest request = assertInstanceOf(IndexRequest.class, requests.get(0));
            assertEquals("7", request.id());
            assertEquals("trips", request.index());
            assertEquals("{\"a\": 1.10}", request.source().utf8ToString());
        }
    }

    @Test
    void withoutAnIdColumnOpenSearchMakesTheId() {
        assertEquals(null, emit(row(RowKind.INSERT, "7", "trips", "{}")).get(0).id());
    }

    @Test
    void aDeletionIsById() {
        List<DocWriteRequest<?>> requests = emit(row(RowKind.DELETE, "7", "trips", "{}"), "id-column", "id");
        assertEquals("7", assertInstanceOf(DeleteRequest.class, requests.get(0)).id());
    }

    @Test
    void whatARowWasBeforeAnUpdateIsNotSent() {
        assertEquals(List.of(), emit(row(RowKind.UPDATE_BEFORE, "7", "trips", "{}"), "id-column", "id"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "no json",
                "[1]",
                "{\"a\": ",
                "{\"a\": 1} {}",
                "{\"a\": 1, \"a\": 2}",
                "{\"a\": tru}",
                "{\"a\": 1e}",
            })
    void aDocumentThatTheClientCouldNotSendIsRejected(String document) {
        Map<String, Object> kept = rejection(row(RowKind.INSERT, "7", "trips", document));
        assertEquals(document, kept.get("document"));
        assertTrue(kept.get("reason").toString().startsWith("not_sent: malformed document: "), kept.toString());
    }

    @Test
    void aNumberThatTheClientCouldNotSendIsRejected() {
        Map<String, Object> kept = rejection(row(RowKind.INSERT, "7", "trips", "{\"a\": " + "1".repeat(1001) + "}"));
        assertTrue(kept.get("reason").toString().contains("maximum allowed (1000"), kept.toString());
    }

    @Test
    void aRowWithoutIdIndexOrDocumentIsRejected() {
        RowKind insert = RowKind.INSERT;
        assertEquals("not_sent: the id is missing", rejection(row(insert, null, "trips", "{}")).get("reason"));
        assertEquals("not_sent: the id is missing", rejection(row(insert, "", "trips", "{}")).get("reason"));
        assertEquals("not_sent: the id is missing", rejection(row(RowKind.DELETE, null, "trips", "{}")).get("reason"));
        assertEquals("not_sent: index is missing", rejection(row(insert, "7", null, "{}")).get("reason"));
        assertTrue(rejection(row(insert, "7", "trips", null)).get("reason").toString().contains("source is missing"));
    }

    @Test
    void anIdThatIsTooLongIsRejected() {
        Map<String, Object> kept = rejection(row(RowKind.INSERT, "x".repeat(513), "trips", "{}"));
        assertTrue(kept.get("reason").toString().contains("id"), kept.toString());
    }

    @Test
    void theIndexOfRejectedDocumentsTakesNoOthers() {
        Map<String, Object> kept = rejection(row(RowKind.INSERT, "7", "rejected", "{}"));
        assertEquals("not_sent: the index of rejected documents takes no others", kept.get("reason"));
    }
}
