package flinkscenarios.opensearch;

import java.io.IOException;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.opensearch.sink.Opensearch2SinkBuilder;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.ThreadSafeSimpleCounter;
import org.apache.flink.table.data.RowData;

/**
 * The library's writer, with an end to what it does not know of, and a flush at an interval.
 *
 * <p>The library would flush from a thread of its own, which could send a later change of a document while an earlier
 * one is tried again; here all requests are sent from the task's thread, one after the other.
 */
@SuppressWarnings("try") // A writer's close may throw anything.
final class OpenSearchWriter implements SinkWriter<RowData> {

    /** The group whose metrics the managed service shows. */
    private static final String METRIC_GROUP = "kinesisanalytics";

    private final SinkWriter<RowData> writer;
    private final BulkResults results;
    private final RetryPolicy retries;

    private OpenSearchWriter(SinkWriter<RowData> writer, BulkResults results, RetryPolicy retries) {
        this.writer = writer;
        this.results = results;
        this.retries = retries;
    }

    @SuppressWarnings("deprecation") // The library's sink takes this context.
    static OpenSearchWriter open(OpenSearchOptions options, RowEmitter emitter, Sink.InitContext context)
            throws IOException {
        MetricGroup metrics = context.metricGroup().addGroup(METRIC_GROUP);
        RetryPolicy retries =
                new RetryPolicy(options.maxAttempts(), metrics.counter("bulkRetries", new ThreadSafeSimpleCounter()));
        ClientFactory clients = new ClientFactory(options, retries);
        BulkResults results =
                new BulkResults(
                        options,
                        clients,
                        retries,
                        metrics.counter("documentsIndexed"),
                        metrics.counter("documentsRejected"));
        SinkWriter<RowData> writer =
                new Opensearch2SinkBuilder<RowData>()
                        .setEmitter(emitter)
                        .setHosts(options.endpoint())
                        .setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
                        .setBulkFlushMaxActions(options.maxActions())
                        .setBulkFlushMaxSizeMb(options.maxMebibytes())
                        .setRestClientFactory((builder, config) -> clients.configure(builder))
                        .setBulkResponseInspectorFactory(inspection -> results)
                        .build()
                        .createWriter(context);
        OpenSearchWriter whole = new OpenSearchWriter(writer, results, retries);
        whole.flushEvery(options.intervalMillis(), context.getProcessingTimeService());
        return whole;
    }

    @Override
    public void write(RowData row, Context context) throws IOException, InterruptedException {
        writer.write(row, context);
    }

    @Override
    public void flush(boolean endOfInput) throws IOException, InterruptedException {
        writer.flush(endOfInput);
    }

    @Override
    public void close() throws Exception {
        // The library still sends what it holds; a failing job must not wait for that to succeed.
        retries.stop();
        try (results) {
            writer.close();
        }
    }

    private void flushEvery(int intervalMillis, ProcessingTimeService timers) {
        timers.registerTimer(
                timers.getCurrentProcessingTime() + intervalMillis,
                time -> {
                    flush(false);
                    flushEvery(intervalMillis, timers);
                });
    }
}
