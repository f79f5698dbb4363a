package flinkscenarios.opensearch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.opensearch.action.delete.DeleteRequest;
import org.opensearch.action.index.IndexRequest;
import org.opensearch.common.xcontent.XContentType;

class RejectedDocumentTest {

    private static final Instant TIME = Instant.parse("2024-02-29T12:34:56.789123Z");
    private static final byte[] BROKEN = {'{', '"', (byte) 0xff, '"'};

    private static IndexRequest kept(String index, String id, byte[] document) {
        return new RejectedDocument(index, id, document, "type: reason").request("rejected", TIME);
    }

    @Test
    void allThatIsKnownIsKept() {
        IndexRequest kept = kept("trips", "7", BROKEN);
        assertEquals("rejected", kept.index());
        assertEquals(
                Map.of(
                        "index", "trips",
                        "id", "7",
                        "raw", Base64.getEncoder().encodeToString(BROKEN),
                        "document", "{\"\ufffd\"",
                        "reason", "type: reason",
                        "time", "2024-02-29T12:34:56.789Z"),
                kept.sourceAsMap());
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
    void theDocumentIsThatOfTheRequest() {
        IndexRequest request = new IndexRequest("trips").id("7").source("{\"a\": 1.10}", XContentType.JSON);
        Map<String, Object> kept = RejectedDocument.of(request, "r").request("rejected", TIME).sourceAsMap();
        assertEquals("{\"a\": 1.10}", kept.get("document"));
        DeleteRequest deletion = new DeleteRequest("trips", "7");
        assertEquals("", RejectedDocument.of(deletion, "r").request("rejected", TIME).sourceAsMap().get("document"));
    }
}
