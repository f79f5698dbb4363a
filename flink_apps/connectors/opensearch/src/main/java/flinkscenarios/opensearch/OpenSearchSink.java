package flinkscenarios.opensearch;

import java.io.IOException;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.table.data.RowData;

/** A sink that sends authenticated bulk requests, repeats them, and stores refused documents in an index. */
final class OpenSearchSink implements Sink<RowData> {

    private static final long serialVersionUID = 1L;

    private final OpenSearchOptions options;
    private final RowActions rowActions;

    OpenSearchSink(OpenSearchOptions options, RowActions rowActions) {
        this.options = options;
        this.rowActions = rowActions;
    }

    @Override
    @SuppressWarnings("deprecation") // Of the two contexts, the one that every sink must take.
    public SinkWriter<RowData> createWriter(InitContext context) throws IOException {
        return OpenSearchWriter.open(options, rowActions, context);
    }
}
