package flinkscenarios.opensearch;

import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import javax.annotation.Nullable;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.table.data.RowData;
import org.apache.flink.types.RowKind;

/**
 * Converts rows to bulk actions.
 *
 * <p>If OpenSearch would refuse a whole bulk request because of a row, or the row cannot be part of one, its action
 * stores a rejected document.
 *
 * <p>What a row was before an update is deleted: Flink passes it on only where its index or id may change.
 */
final class RowActions implements Serializable {

    private static final long serialVersionUID = 1L;
    private static final int LONGEST_ID_BYTES = 512;

    private final DocumentColumns columns;
    private final RowDocument documents;
    private final String rejectedIndex;

    RowActions(DocumentColumns columns, RowDocument documents, String rejectedIndex) {
        this.columns = columns;
        this.documents = documents;
        this.rejectedIndex = rejectedIndex;
    }

    void open(SerializationSchema.InitializationContext context) throws Exception {
        documents.open(context);
    }

    /** Returns the action of a row; null if it has none: what was rejected is not there before an update either. */
    @Nullable
    BulkAction of(RowData row) {
        boolean updateBefore = row.getRowKind() == RowKind.UPDATE_BEFORE;
        boolean deletion = updateBefore || row.getRowKind() == RowKind.DELETE;
        String index = columns.index(row);
        String id = columns.id(row);
        byte[] document = deletion ? null : documents.bytes(row);
        String defect = defect(index, id);
        if (defect == null && document == null && !deletion) {
            defect = "the document is missing";
        }
        if (defect != null) {
            return updateBefore ? null : rejected(index, id, document, defect);
        }
        if (deletion) {
            return BulkAction.delete(index, id);
        }
        try {
            return BulkAction.index(index, id, document, JsonLine.of(document));
        } catch (IOException e) {
            String cause = e.getMessage().lines().findFirst().orElse("");
            return rejected(index, id, document, "malformed document: " + cause);
        }
    }

    @Nullable
    private String defect(@Nullable String index, @Nullable String id) {
        if (columns.hasId() && (id == null || id.isEmpty())) {
            return "the id is missing";
        }
        if (id != null && isTooLong(id)) {
            return "the id is longer than " + LONGEST_ID_BYTES + " bytes";
        }
        if (index == null || index.isEmpty()) {
            return "the index is missing";
        }
        // Date math: if it has an error, OpenSearch refuses the whole request.
        if (columns.hasIndex() && index.startsWith("<")) {
            return "the index of a row must be a plain name";
        }
        return rejectedIndex.equals(index) ? "the index of rejected documents takes no others" : null;
    }

    private static boolean isTooLong(String id) {
        // A character has at most three bytes.
        return id.length() > LONGEST_ID_BYTES / 3 && id.getBytes(StandardCharsets.UTF_8).length > LONGEST_ID_BYTES;
    }

    private BulkAction rejected(
            @Nullable String index, @Nullable String id, @Nullable byte[] document, String defect) {
        byte[] kept = document == null ? new byte[0] : document;
        return new RejectedDocument(index, id, kept, "not_sent: " + defect).action(rejectedIndex, Instant.now());
    }
}
