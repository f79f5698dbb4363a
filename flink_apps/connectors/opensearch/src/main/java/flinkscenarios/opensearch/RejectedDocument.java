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

    /** As many characters of names as the index of the rejected documents can find. */
    private static final int LONGEST_NAME = 1024;

    /** A reason may quote the whole document, more than once. */
    private static final int LONGEST_REASON = 4000;

    /** OpenSearch reads no string in JSON that is longer than 50 million characters; Base64 adds a third. */
    private static final int LONGEST_DOCUMENT = 20_000_000;

    @Nullable private final String index;
    @Nullable private final String id;
    private final byte[] document;
    private final int keptBytes;
    private final String reason;
    @Nullable private final BulkAction blocked;

    private RejectedDocument(
            @Nullable String index,
            @Nullable String id,
            byte[] document,
            int keptBytes,
            String reason,
            @Nullable BulkAction blocked) {
        this.index = index;
        this.id = id;
        this.document = document;
        this.keptBytes = keptBytes;
        this.reason = reason;
        this.blocked = blocked;
    }

    RejectedDocument(@Nullable String index, @Nullable String id, byte[] document, String reason) {
        this(index, id, document, Math.min(document.length, LONGEST_DOCUMENT), reason, null);
    }

    /** Returns the rejected document of an action that was refused; a deletion has no document. */
    static RejectedDocument of(BulkAction action, String reason) {
        return new RejectedDocument(action.index(), action.id(), action.document(), reason);
    }

    /** Returns the same of an action that was refused because its index is blocked. */
    static RejectedDocument ofBlocked(BulkAction action, String reason) {
        RejectedDocument rejected = of(action, reason);
        return new RejectedDocument(
                rejected.index, rejected.id, rejected.document, rejected.keptBytes, reason, action);
    }

    /** The action that was refused because its index is blocked; null if there was another reason. */
    @Nullable
    BulkAction blocked() {
        return blocked;
    }

    /** Whether any of the document is left that {@link #shortened} can leave out. */
    boolean isShortenable() {
        return keptBytes > 0;
    }

    /** The same with half as much of the document. */
    RejectedDocument shortened() {
        return new RejectedDocument(index, id, document, keptBytes / 2, reason, blocked);
    }

    /**
     * Returns the action that stores it in {@code rejectedIndex}: fields index, id, raw (base64 of the document's
     * bytes), document (as text), reason, time (ISO 8601, UTC).
     *
     * <p>What is too long is cut: the reason says so of the document. Its id depends only on the refused action, so that a repetition after a restart replaces it.
     */
    BulkAction action(String rejectedIndex, Instant time) {
        // First as text: a generator of bytes refuses an unpaired surrogate, which an id may contain.
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(text)) {
            json.writeStartObject();
            json.writeStringField("index", beginning(index, LONGEST_NAME));
            json.writeStringField("id", beginning(id, LONGEST_NAME));
            json.writeFieldName("raw");
            json.writeBinary(document, 0, keptBytes);
            json.writeStringField("document", new String(document, 0, keptBytes, StandardCharsets.UTF_8));
            json.writeStringField("reason", beginning(reason, LONGEST_REASON) + shortening());
            json.writeStringField("time", time.truncatedTo(ChronoUnit.MILLIS).toString());
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        byte[] kept = text.toString().getBytes(StandardCharsets.UTF_8);
        return BulkAction.store(this, rejectedIndex, key(), kept);
    }

    private String shortening() {
        return keptBytes == document.length
                ? ""
                : String.format("; only the first %d of %d bytes are kept", keptBytes, document.length);
    }

    @Nullable
    private static String beginning(@Nullable String text, int longest) {
        return text == null || text.length() <= longest ? text : text.substring(0, longest) + "…";
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
