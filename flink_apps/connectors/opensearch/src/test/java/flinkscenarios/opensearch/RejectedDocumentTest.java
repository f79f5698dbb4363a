package flinkscenarios.opensearch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;

class RejectedDocumentTest {

    private static final Instant TIME = Instant.parse("2024-02-29T12:34:56.789123Z");
    private static final byte[] BROKEN = {'{', '"', (byte) 0xff, '"'};

    private static BulkAction kept(String index, String id, byte[] document) {
        return new RejectedDocument(index, id, document, "type: reason").action("rejected", TIME);
    }

    private static Map<?, ?> fields(BulkAction kept) throws IOException {
        return new ObjectMapper().readValue(kept.document(), Map.class);
    }

    @Test
    void allThatIsKnownIsKept() throws IOException {
        BulkAction kept = kept("trips", "7", BROKEN);
        assertEquals("rejected", kept.index());
        assertEquals(
                Map.of(
                        "index", "trips",
                        "id", "7",
                        "raw", Base64.getEncoder().encodeToString(BROKEN),
                        "document", "{\"\ufffd\"",
                        "reason", "type: reason",
                        "time", "2024-02-29T12:34:56.789Z"),
                fields(kept));
    }

    @Test
    void theIdIsThatOfWhatWasRefused() {
        // printf 'trips\0007\000{}' | sha256sum
        assertEquals(
                "e069aa9b0c6b041e8f35a20ab6b609567ca9362aa8248d8e00a4efcde02628ab",
                kept("trips", "7", "{}".getBytes(StandardCharsets.UTF_8)).id());
        assertEquals(kept("trips", "7", BROKEN).id(), kept("trips", "7", BROKEN).id());
        assertNotEquals(kept("trips", "7", BROKEN).id(), kept("trips", "8", BROKEN).id());
        assertNotEquals(kept("trips", "7", BROKEN).id(), kept("other", "7", BROKEN).id());
        assertNotEquals(kept("trips", null, BROKEN).id(), kept("trips", null, new byte[0]).id());
    }

    @Test
    void theDocumentIsThatOfTheActionAsItCame() throws IOException {
        byte[] document = "{\n\"a\": 1.10}".getBytes(StandardCharsets.UTF_8);
        BulkAction action = BulkAction.index("trips", "7", document, JsonLine.of(document));
        Map<?, ?> kept = fields(RejectedDocument.of(action, "r").action("rejected", TIME));
        assertEquals("{\n\"a\": 1.10}", kept.get("document"));
        BulkAction deletion = BulkAction.delete("trips", "7");
        assertEquals("", fields(RejectedDocument.of(deletion, "r").action("rejected", TIME)).get("document"));
    }

    @Test
    void aShortenedOneKeepsTheBeginningUnderTheSameId() throws IOException {
        byte[] document = "{\"a\": 1}".getBytes(StandardCharsets.UTF_8);
        RejectedDocument whole = new RejectedDocument("trips", "7", document, "r");
        RejectedDocument half = whole.shortened();
        BulkAction kept = half.action("rejected", TIME);
        assertEquals("{\"a\"", fields(kept).get("document"));
        assertEquals(Base64.getEncoder().encodeToString("{\"a\"".getBytes(StandardCharsets.UTF_8)), fields(kept).get("raw"));
        assertEquals("r; only the first 4 of 8 bytes are kept", fields(kept).get("reason"));
        assertEquals(whole.action("rejected", TIME).id(), kept.id());
        RejectedDocument empty = half.shortened().shortened().shortened();
        assertFalse(empty.isShortenable());
        assertEquals("", fields(empty.action("rejected", TIME)).get("document"));
    }

    @Test
    void whatIsTooLongToBeReadIsCut() throws IOException {
        String name = "x".repeat(5000);
        BulkAction kept =
                new RejectedDocument(name, name, new byte[20_000_001], name).action("rejected", TIME);
        Map<?, ?> fields = fields(kept);
        assertEquals("x".repeat(1024) + "…", fields.get("index"));
        assertEquals("x".repeat(1024) + "…", fields.get("id"));
        assertEquals(
                "x".repeat(4000) + "…; only the first 20000000 of 20000001 bytes are kept", fields.get("reason"));
    }

    @Test
    void halfASurrogatePairDoesNotHinderIt() throws IOException {
        assertEquals("?", fields(kept("trips", "\ud83d", BROKEN)).get("id"));
    }
}
