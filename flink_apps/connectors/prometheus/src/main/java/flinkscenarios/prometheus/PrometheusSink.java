package flinkscenarios.prometheus;

import java.util.Collection;
import java.util.List;
import org.apache.flink.connector.base.sink.AsyncSinkBase;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.table.data.RowData;

/** A sink that sends samples in batches; its checkpoints contain those that still wait. */
final class PrometheusSink extends AsyncSinkBase<RowData, Sample> {

    private static final long serialVersionUID = 1L;

    private final PrometheusOptions options;
    private final SampleColumns columns;

    PrometheusSink(PrometheusOptions options, SampleColumns columns) {
        super(
                columns,
                options.maxBatchSize(),
                PrometheusWriter.REQUESTS_IN_FLIGHT,
                PrometheusWriter.maxBufferedSamples(options),
                PrometheusWriter.MOST_REQUEST_BYTES,
                options.maxTimeInBufferMillis(),
                Sample.MAX_BYTES);
        this.options = options;
        this.columns = columns;
    }

    @Override
    @SuppressWarnings("deprecation") // Of the two contexts, the one that every such sink must take.
    public PrometheusWriter createWriter(InitContext context) {
        return restoreWriter(context, List.of());
    }

    @Override
    @SuppressWarnings("deprecation") // The same.
    public PrometheusWriter restoreWriter(InitContext context, Collection<BufferedRequestState<Sample>> buffered) {
        return new PrometheusWriter(options, columns, context, buffered);
    }

    @Override
    public SimpleVersionedSerializer<BufferedRequestState<Sample>> getWriterStateSerializer() {
        return new SampleStateSerializer();
    }
}
