package flinkscenarios.opensearch;

import java.io.IOException;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.table.data.RowData;

/** Flink's OpenSearch sink with signed requests, repetition, and a place for refused documents. */
final class OpenSearchSink implements Sink<RowData> {

    private static final long serialVersionUID = 1L;

    private final OpenSearchOptions options;
    private final RowEmitter emitter;

    OpenSearchSink(OpenSearchOptions options, RowEmitter emitter) {
        this.options = options;
        this.emitter = emitter;
    }

    @Override
    @SuppressWarnings("deprecation") // The library's sink takes this context.
    public SinkWriter<RowData> createWriter(InitContext context) throws IOException {
        return OpenSearchWriter.open(options, emitter, context);
    }
}
