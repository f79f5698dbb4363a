package flinkscenarios.prometheus;

import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
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
 * <p>One request is under way, and is repeated in its place: no sample of a series overtakes an earlier one. Its own
 * thread encodes, signs and sends it, while the task's thread fills the next batch.
 */
final class PrometheusWriter extends AsyncSinkWriter<RowData, Sample> {

    static final int REQUESTS_IN_FLIGHT = 1;
    static final long MOST_REQUEST_BYTES = 16L << 20;

    private static final Logger LOG = LoggerFactory.getLogger(PrometheusWriter.class);
    private static final int BUFFERED_BATCHES = 10;

    /** Flink would send a batch a second time, after later ones; the retries end by themselves. */
    private static final Duration NEVER = Duration.ofDays(10_000);

    private final SinkMetrics metrics;
    private final RemoteWriteClient client;
    private final RemoteWriteSender sender;
    private final ExecutorService thread = Executors.newSingleThreadExecutor(PrometheusWriter::thread);
    private boolean warned;

    @SuppressWarnings("deprecation") // Of the two contexts, the one that every such sink must take.
    PrometheusWriter(
            PrometheusOptions options,
            SampleColumns columns,
            Sink.InitContext context,
            Collection<BufferedRequestState<Sample>> buffered) {
        super(columns, context, configuration(options), buffered);
        this.metrics = new SinkMetrics(context.metricGroup(), options.metricGroup());
        this.client = new RemoteWriteClient(options, Authentications.of(options));
        this.sender = new RemoteWriteSender(options, client, metrics);
    }

    /** How many samples may wait before the input has to. */
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
                .setMaxRecordSizeInBytes(Sample.MOST_BYTES)
                .setRequestTimeoutMS(NEVER.toMillis())
                .build();
    }

    private static Thread thread(Runnable work) {
        Thread thread = new Thread(work, "prometheus-sink");
        thread.setDaemon(true);
        return thread;
    }

    /** Takes a row, or drops it where Prometheus would refuse the whole batch for its sake. */
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

    @Override
    protected void submitRequestEntries(List<Sample> samples, ResultHandler<Sample> result) {
        thread.execute(() -> settle(samples, result));
    }

    @Override
    protected long getSizeInBytes(Sample sample) {
        return sample.size();
    }

    /** Does not wait: what is under way is of no interest any more, or there is none. */
    @Override
    public void close() {
        thread.shutdownNow();
        client.close();
    }

    private void settle(List<Sample> samples, ResultHandler<Sample> result) {
        try {
            sender.send(samples);
            result.complete();
        } catch (InterruptedException | RejectedExecutionException e) {
            // The task has ended, and with it the interest in this request.
        } catch (Exception e) {
            result.completeExceptionally(e);
        } catch (Throwable e) { // In this thread nobody else would ever see it.
            result.completeExceptionally(new IOException("a batch of samples could not be sent: " + e, e));
        }
    }
}
