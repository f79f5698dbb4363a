package flinkscenarios.opensearch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import javax.annotation.Nullable;
import org.opensearch.action.DocWriteRequest;
import org.opensearch.action.index.IndexRequest;
import org.opensearch.common.xcontent.json.JsonXContent;
import org.opensearch.core.common.bytes.BytesReference;
import org.opensearch.core.xcontent.XContentBuilder;

/** A document that its index refused, and why; kept as a document itself. */
final class RejectedDocument {

    @Nullable private final String index;
    @Nullable private final String id;
    private final byte[] document;
    private final String reason;

    RejectedDocument(@Nullable String index, @Nullable String id, byte[] document, String reason) {
        this.index = index;
        this.id = id;
        this.document = document;
        this.reason = reason;
    }

    /** Of a request that was refused; a refused deletion has no document. */
    static RejectedDocument of(DocWriteRequest<?> request, String reason) {
        byte[] document =
                request instanceof IndexRequest
                        ? BytesReference.toBytes(((IndexRequest) request).source())
                        : new byte[0];
        return new RejectedDocument(request.index(), request.id(), document, reason);
    }

    /**
     * The request that keeps it in {@code rejectedIndex}: fields index, id, raw (base64 of the document's bytes),
     * document (as text), reason, time (ISO 8601, UTC).
     *
     * <p>Its id depends on what was refused alone, so that a repetition after a restart replaces it.
     */
    IndexRequest request(String rejectedIndex, Instant time) {
        try (XContentBuilder json = JsonXContent.contentBuilder()) {
            json.startObject()
                    .field("index", index)
                    .field("id", id)
                    .field("raw", document)
                    .field("document", new String(document, StandardCharsets.UTF_8))
                    .field("reason", reason)
                    .field("time", time.truncatedTo(ChronoUnit.MILLIS).toString())
                    .endObject();
            return new IndexRequest(rejectedIndex).id(key()).source(json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String key() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update((index + "\0" + id + "\0").getBytes(StandardCharsets.UTF_8));
            StringBuilder key = new StringBuilder();
            for (byte part : digest.digest(document)) {
                key.append(String.format("%02x", part));
            }
            return key.toString();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
