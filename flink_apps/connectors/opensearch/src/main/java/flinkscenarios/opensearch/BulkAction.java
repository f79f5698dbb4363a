package flinkscenarios.opensearch;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import javax.annotation.Nullable;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.io.JsonStringEncoder;

/** One action of a bulk request. */
final class BulkAction {

    private static final byte[] NO_DOCUMENT = {};
    private static final int SYNTAX_BYTES = "{'index':{'_index':'','_id':''}}\n\n".length();

    private final boolean deletion;
    private final String index;
    @Nullable private final String id;
    private final byte[] document;
    private final byte[] line;

    private BulkAction(boolean deletion, String index, @Nullable String id, byte[] document, byte[] line) {
        this.deletion = deletion;
        this.index = index;
        this.id = id;
        this.document = document;
        this.line = line;
    }

    /**
     * Indexes a document. It replaces one of the same id.
     *
     * @param id null if OpenSearch is to generate it
     * @param line the document as it is sent, see {@link JsonLine}
     */
    static BulkAction index(String index, @Nullable String id, byte[] document, byte[] line) {
        return new BulkAction(false, index, id, document, line);
    }

    static BulkAction delete(String index, String id) {
        return new BulkAction(true, index, id, NO_DOCUMENT, NO_DOCUMENT);
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

    /** The approximate size in a request, in bytes. */
    int size() {
        return SYNTAX_BYTES + index.length() + (id == null ? 0 : id.length()) + line.length;
    }

    /** Appends the lines of the action: the operation, and, unless it is a deletion, the document. */
    void writeTo(ByteArrayOutputStream body) {
        JsonStringEncoder json = JsonStringEncoder.getInstance();
        StringBuilder action = new StringBuilder(64);
        action.append(deletion ? "{\"delete\":{\"_index\":\"" : "{\"index\":{\"_index\":\"");
        json.quoteAsString(index, action);
        if (id != null) {
            action.append("\",\"_id\":\"");
            json.quoteAsString(id, action);
        }
        body.writeBytes(action.append("\"}}\n").toString().getBytes(StandardCharsets.UTF_8));
        if (!deletion) {
            body.writeBytes(line);
            body.write('\n');
        }
    }
}
