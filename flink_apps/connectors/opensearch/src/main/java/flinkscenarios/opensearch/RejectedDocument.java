package flinkscenarios.opensearch;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import javax.annotation.Nullable;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonGenerator;

/** A document that its index refused, with the reason; it is stored as a document of its own. */
final class RejectedDocument {

    private static final JsonFactory JSON = new JsonFactory();

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

    /** Returns the rejected document of an action that was refused; a deletion has no document. */
    static RejectedDocument of(BulkAction action, String reason) {
        return new RejectedDocument(action.index(), action.id(), action.document(), reason);
    }

    /**
     * Returns the action that stores it in {@code rejectedIndex}: fields index, id, raw (base64 of the document's
     * bytes), document (as text), reason, time (ISO 8601, UTC).
     *
     * <p>Its id depends only on the refused action, so that a repetition after a restart replaces it.
     */
    BulkAction action(String rejectedIndex, Instant time) {
        // First as text: a generator of bytes refuses an unpaired surrogate, which an id may contain.
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(text)) {
            json.writeStartObject();
            json.writeStringField("index", index);
            json.writeStringField("id", id);
            json.writeBinaryField("raw", document);
            json.writeStringField("document", new String(document, StandardCharsets.UTF_8));
            json.writeStringField("reason", reason);
            json.writeStringField("time", time.truncatedTo(ChronoUnit.MILLIS).toString());
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        byte[] kept = text.toString().getBytes(StandardCharsets.UTF_8);
        return BulkAction.index(rejectedIndex, key(), kept, kept);
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
