package flinkscenarios.opensearch;

import java.io.IOException;
import java.time.Instant;
import javax.annotation.Nullable;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.connector.opensearch.sink.OpensearchEmitter;
import org.apache.flink.connector.opensearch.sink.RequestIndexer;
import org.apache.flink.table.data.RowData;
import org.apache.flink.types.RowKind;
import org.opensearch.action.ActionRequestValidationException;
import org.opensearch.action.delete.DeleteRequest;
import org.opensearch.action.index.IndexRequest;
import org.opensearch.common.xcontent.XContentType;

/**
 * Makes the request of a row.
 *
 * <p>A row that the OpenSearch client would refuse, and with it the whole bulk request, is sent as a rejected document
 * at once.
 */
final class RowEmitter implements OpensearchEmitter<RowData> {

    private static final long serialVersionUID = 1L;

    private final DocumentColumns columns;
    private final RowDocument documents;
    private final String rejectedIndex;

    RowEmitter(DocumentColumns columns, RowDocument documents, String rejectedIndex) {
        this.columns = columns;
        this.documents = documents;
        this.rejectedIndex = rejectedIndex;
    }

    @Override
    public void open() throws Exception {
        documents.open();
    }

    @Override
    public void emit(RowData row, SinkWriter.Context context, RequestIndexer indexer) {
        if (row.getRowKind() == RowKind.UPDATE_BEFORE) {
            return;
        }
        String index = columns.index(row);
        String id = columns.id(row);
        if (row.getRowKind() == RowKind.DELETE) {
            DeleteRequest request = new DeleteRequest(index, id);
            String defect = defect(index, id, request.validate());
            if (defect == null) {
                indexer.add(request);
            } else {
                indexer.add(rejected(index, id, new byte[0], defect));
            }
            return;
        }
        byte[] document = documents.bytes(row);
        IndexRequest request = new IndexRequest(index).id(id);
        if (document != null) {
            request.source(document, XContentType.JSON);
        }
        String defect = defect(index, id, request.validate());
        if (defect == null) {
            defect = malformed(document);
        }
        indexer.add(defect == null ? request : rejected(index, id, document, defect));
    }

    private IndexRequest rejected(
            @Nullable String index, @Nullable String id, @Nullable byte[] document, String reason) {
        byte[] kept = document == null ? new byte[0] : document;
        return new RejectedDocument(index, id, kept, "not_sent: " + reason).request(rejectedIndex, Instant.now());
    }

    @Nullable
    private String defect(
            @Nullable String index, @Nullable String id, @Nullable ActionRequestValidationException invalid) {
        if (columns.haveId() && (id == null || id.isEmpty())) {
            return "the id is missing";
        }
        if (rejectedIndex.equals(index)) {
            return "the index of rejected documents takes no others";
        }
        return invalid == null ? null : String.join("; ", invalid.validationErrors());
    }

    @Nullable
    private String malformed(byte[] document) {
        try {
            documents.check(document);
            return null;
        } catch (IOException | RuntimeException e) {
            return "malformed document: " + e.getMessage().lines().findFirst().orElse("");
        }
    }
}
