package flinkscenarios.opensearch;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import javax.annotation.Nullable;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.io.JsonStringEncoder;

/** One action of a bulk request. */
final class BulkAction {

    private static final byte[] NO_DOCUMENT = {};

    private final String index;
    @Nullable private final String id;
    private final byte[] document;
    private final byte[] operation;
    @Nullable private final byte[] line;
    @Nullable private final RejectedDocument rejected;

    private BulkAction(
            String kind,
            String index,
            @Nullable String id,
            byte[] document,
            @Nullable byte[] line,
            @Nullable RejectedDocument rejected) {
        this.index = index;
        this.id = id;
        this.document = document;
        this.operation = operation(kind, index, id);
        this.line = line;
        this.rejected = rejected;
    }

    /**
     * Indexes a document. It replaces one of the same id.
     *
     * @param id null if OpenSearch is to generate it
     * @param line the document as it is sent, see {@link JsonLine}
     */
    static BulkAction index(String index, @Nullable String id, byte[] document, byte[] line) {
        return new BulkAction("index", index, id, document, line, null);
    }

    static BulkAction delete(String index, String id) {
        return new BulkAction("delete", index, id, NO_DOCUMENT, null, null);
    }

    /** Stores a rejected document, whose JSON is {@code line}. */
    static BulkAction store(RejectedDocument rejected, String index, String id, byte[] line) {
        return new BulkAction("index", index, id, line, line, rejected);
    }

    String index() {
        return index;
    }

    @Nullable
    String id() {
        return id;
    }

    /** An object that is equal for two actions on the same document. */
    Object target() {
        return id == null ? this : List.of(index, id);
    }

    /** The document as it was received; empty for a deletion. */
    byte[] document() {
        return document;
    }

    /** The rejected document that the action stores; null if it is on a document of its own index. */
    @Nullable
    RejectedDocument rejected() {
        return rejected;
    }

    /** The size in a request, in bytes. */
    long size() {
        return operation.length + (line == null ? 0 : line.length + 1L);
    }

    /** Appends the lines of the action: the operation, and, unless it is a deletion, the document. */
    void writeTo(ByteArrayOutputStream body) {
        body.writeBytes(operation);
        if (line != null) {
            body.writeBytes(line);
            body.write('\n');
        }
    }

    private static byte[] operation(String kind, String index, @Nullable String id) {
        JsonStringEncoder json = JsonStringEncoder.getInstance();
        StringBuilder operation = new StringBuilder(64);
        operation.append("{\"").append(kind).append("\":{\"_index\":\"");
        json.quoteAsString(index, operation);
        if (id != null) {
            operation.append("\",\"_id\":\"");
            json.quoteAsString(id, operation);
        }
        return operation.append("\"}}\n").toString().getBytes(StandardCharsets.UTF_8);
    }
}
