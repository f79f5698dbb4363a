package flinkscenarios.opensearch;

import flinkscenarios.http.SenderThread;
import java.io.IOException;
import java.util.List;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.table.data.RowData;
import org.apache.flink.util.function.ThrowingRunnable;

/**
 * Sends the documents of rows in bulk requests. At a checkpoint it waits until all of them are complete.
 *
 * <p>One request is in flight while the next one is filled, so no change of a document overtakes an earlier one that is
 * repeated. {@code AsyncSinkWriter} would mix failed actions with later ones. OpenSearch spreads one request over the
 * shards; for more requests in flight, raise the sink's parallelism.
 *
 * <p>All fields belong to the task's thread. Another thread sends the request, and reports its end to the mailbox.
 */
final class OpenSearchWriter implements SinkWriter<RowData> {

    private final RowActions rowActions;
    private final MailboxExecutor mailbox;
    private final SinkMetrics metrics;
    private final OpenSearchOptions options;
    private final BulkClient client;
    private final BulkSender sender;
    private final SenderThread thread = new SenderThread("opensearch-sink");

    private Bulk next;
    private boolean inFlight;

    OpenSearchWriter(
            OpenSearchOptions options, RowActions rowActions, MailboxExecutor mailbox, SinkMetrics metrics) {
        this.rowActions = rowActions;
        this.mailbox = mailbox;
        this.metrics = metrics;
        this.options = options;
        this.client = new BulkClient(options);
        this.sender = new BulkSender(options, client, metrics);
        this.next = new Bulk(options);
    }

    @SuppressWarnings("deprecation") // Of the two contexts, the one that every sink must take.
    static OpenSearchWriter open(OpenSearchOptions options, RowActions rowActions, Sink.InitContext context)
            throws IOException {
        try {
            rowActions.open(context.asSerializationSchemaInitializationContext());
        } catch (Exception e) {
            throw new IOException("the encoder of documents does not open: " + e.getMessage(), e);
        }
        SinkMetrics metrics = new SinkMetrics(context.metricGroup());
        OpenSearchWriter writer = new OpenSearchWriter(options, rowActions, context.getMailboxExecutor(), metrics);
        writer.sendEvery(options.intervalMillis(), context.getProcessingTimeService());
        return writer;
    }

    /** Adds a row to the next request. When that is full, or has no room, sends it, after waiting for the one in flight. */
    @Override
    public void write(RowData row, Context context) throws InterruptedException {
        BulkAction action = rowActions.of(row);
        if (action == null) {
            return;
        }
        while (!next.takes(action)) {
            sendOrWait();
        }
        next.add(action);
        while (next.isFull()) {
            sendOrWait();
        }
    }

    @Override
    public void flush(boolean endOfInput) throws InterruptedException {
        while (inFlight || !next.isEmpty()) {
            sendOrWait();
        }
    }

    /** Aborts the request in flight: after a failure nobody waits for it, and at the end of the input there is none. */
    @Override
    public void close() {
        thread.close();
        client.close();
    }

    /** Sends the next request at this interval even where it is not full, unless another is in flight. */
    void sendEvery(int intervalMillis, ProcessingTimeService timers) {
        timers.registerTimer(
                timers.getCurrentProcessingTime() + intervalMillis,
                time -> {
                    if (!inFlight && !next.isEmpty()) {
                        send();
                    }
                    sendEvery(intervalMillis, timers);
                });
    }

    private void sendOrWait() throws InterruptedException {
        if (inFlight) {
            mailbox.yield();
        } else {
            send();
        }
    }

    private void send() {
        List<BulkAction> actions = next.actions();
        metrics.sending(actions.size(), next.bytes());
        next = new Bulk(options);
        inFlight = true;
        thread.submit(() -> complete(actions), () -> report(() -> inFlight = false), e -> report(() -> fail(e)));
    }

    private void complete(List<BulkAction> actions) throws IOException, InterruptedException {
        long start = System.nanoTime();
        sender.send(actions);
        metrics.completedAfter(System.nanoTime() - start);
    }

    private void report(ThrowingRunnable<Exception> mail) {
        mailbox.execute(mail, "an answer of OpenSearch");
    }

    private static void fail(Exception failure) throws Exception {
        throw failure;
    }
}
