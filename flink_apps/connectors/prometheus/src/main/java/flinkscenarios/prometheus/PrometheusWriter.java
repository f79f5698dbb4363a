package flinkscenarios.prometheus;

import flinkscenarios.http.PostClient;
import flinkscenarios.http.RetryPolicy;
import flinkscenarios.http.SenderThread;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.connector.base.sink.writer.AsyncSinkWriter;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.connector.base.sink.writer.ResultHandler;
import org.apache.flink.connector.base.sink.writer.config.AsyncSinkWriterConfiguration;
import org.apache.flink.table.data.RowData;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Collects samples, and sends them batch after batch.
 *
 * <p>One request is in flight at a time, and is repeated before the next one is sent: no sample of a series overtakes
 * an earlier one. A thread of its own encodes, signs and sends it, while the task's thread fills the next batch.
 */
final class PrometheusWriter extends AsyncSinkWriter<RowData, Sample> {

    static final int REQUESTS_IN_FLIGHT = 1;
    static final long MOST_REQUEST_BYTES = 16L << 20;

    private static final Logger LOG = LoggerFactory.getLogger(PrometheusWriter.class);
    private static final int BUFFERED_BATCHES = 10;

    /** No timeout of Flink's: it would send a batch again after later ones. The retries are limited by themselves. */
    private static final Duration NEVER = Duration.ofDays(10_000);

    private final SinkMetrics metrics;
    private final PostClient client;
    private final RemoteWriteSender sender;
    private final SenderThread thread = new SenderThread("prometheus-sink");
    private boolean warned;

    @SuppressWarnings("deprecation") // Of the two contexts, the one that every such sink must take.
    PrometheusWriter(
            PrometheusOptions options,
            SampleColumns columns,
            Sink.InitContext context,
            Collection<BufferedRequestState<Sample>> buffered) {
        super(columns, context, configuration(options), buffered);
        this.metrics = new SinkMetrics(context.metricGroup(), options.metricGroup());
        this.client = RemoteWrite.client(options, options.authentication().create());
        this.sender = new RemoteWriteSender(options, client, metrics, retries(options));
    }

    /** The number of waiting samples at which the input has to wait. */
    static int maxBufferedSamples(PrometheusOptions options) {
        return BUFFERED_BATCHES * options.maxBatchSize();
    }

    private static AsyncSinkWriterConfiguration configuration(PrometheusOptions options) {
        return AsyncSinkWriterConfiguration.builder()
                .setMaxBatchSize(options.maxBatchSize())
                .setMaxBatchSizeInBytes(MOST_REQUEST_BYTES)
                .setMaxInFlightRequests(REQUESTS_IN_FLIGHT)
                .setMaxBufferedRequests(maxBufferedSamples(options))
                .setMaxTimeInBufferMS(options.maxTimeInBufferMillis())
                .setMaxRecordSizeInBytes(Sample.MAX_BYTES)
                .setRequestTimeoutMS(NEVER.toMillis())
                .build();
    }

    private static RetryPolicy retries(PrometheusOptions options) {
        return new RetryPolicy(
                options.maxRetryCount(), options.initialRetryDelayMillis(), options.maxRetryDelayMillis());
    }

    /** Takes a row, or drops it where Prometheus would refuse the whole batch because of it. */
    @Override
    public void write(RowData row, Context context) throws IOException, InterruptedException {
        try {
            super.write(row, context);
        } catch (IllegalSampleException e) {
            metrics.illegalSample();
            if (!warned) {
                warned = true;
                LOG.warn("A sample is dropped: {}. Any others are counted in numSamplesDropped.", e.getMessage());
            }
        }
    }

    /**
     * Sends all samples that wait, before each checkpoint, too: none is part of it. With another parallelism, a restart
     * would hand such samples to other tasks than the next ones of their series, which could overtake them.
     */
    @Override
    public void flush(boolean endOfInput) throws InterruptedException {
        super.flush(true);
    }

    @Override
    protected void submitRequestEntries(List<Sample> samples, ResultHandler<Sample> result) {
        thread.submit(() -> sender.send(samples), result::complete, result::completeExceptionally);
    }

    @Override
    protected long getSizeInBytes(Sample sample) {
        return sample.size();
    }

    /** Aborts the request in flight: after a failure nobody waits for it, and at the end of the input there is none. */
    @Override
    public void close() {
        thread.close();
        client.close();
    }
}
