package flinkscenarios.opensearch;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.table.data.RowData;
import org.apache.flink.util.ExceptionUtils;
import org.apache.flink.util.function.ThrowingRunnable;

/**
 * Sends the documents of rows in bulk requests, and at a checkpoint waits until OpenSearch has answered for all.
 *
 * <p>One request is under way, while the next one is filled: so no change of a document overtakes an earlier one,
 * however often that is tried. {@code AsyncSinkWriter} would mix what failed with later actions. OpenSearch spreads one
 * request over the shards; where more have to be under way, the parallelism of the sink gives them.
 *
 * <p>All fields belong to the task's thread. Another one sends the request; a mail tells the task that it is settled.
 */
final class OpenSearchWriter implements SinkWriter<RowData> {

    private final RowActions rowActions;
    private final MailboxExecutor mailbox;
    private final SinkMetrics metrics;
    private final int maxActions;
    private final long maxBytes;
    private final BulkClient client;
    private final BulkSender sender;
    private final ExecutorService thread = Executors.newSingleThreadExecutor(OpenSearchWriter::thread);

    private List<BulkAction> next = new ArrayList<>();
    private long nextBytes;
    private boolean underWay;

    OpenSearchWriter(
            OpenSearchOptions options, RowActions rowActions, MailboxExecutor mailbox, SinkMetrics metrics) {
        this.rowActions = rowActions;
        this.mailbox = mailbox;
        this.metrics = metrics;
        this.maxActions = options.maxActions();
        this.maxBytes = options.maxBytes();
        this.client = new BulkClient(options, Authentications.of(options));
        this.sender = new BulkSender(options, client, metrics);
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

    private static Thread thread(Runnable work) {
        Thread thread = new Thread(work, "opensearch-sink");
        thread.setDaemon(true);
        return thread;
    }

    /** Takes a row; where that makes the next request full, waits until it can be sent. */
    @Override
    public void write(RowData row, Context context) throws InterruptedException {
        BulkAction action = rowActions.of(row);
        if (action == null) {
            return;
        }
        next.add(action);
        nextBytes += action.size();
        while (next.size() >= maxActions || nextBytes >= maxBytes) {
            sendOrWait();
        }
    }

    @Override
    public void flush(boolean endOfInput) throws InterruptedException {
        while (underWay || !next.isEmpty()) {
            sendOrWait();
        }
    }

    /** Does not wait: what is under way is of no interest any more, or there is none. */
    @Override
    public void close() throws IOException {
        thread.shutdownNow();
        client.close();
    }

    /** Leaves no action waiting for others longer than this. */
    void sendEvery(int intervalMillis, ProcessingTimeService timers) {
        timers.registerTimer(
                timers.getCurrentProcessingTime() + intervalMillis,
                time -> {
                    if (!underWay && !next.isEmpty()) {
                        send();
                    }
                    sendEvery(intervalMillis, timers);
                });
    }

    private void sendOrWait() throws InterruptedException {
        if (underWay) {
            mailbox.yield();
        } else {
            send();
        }
    }

    private void send() {
        List<BulkAction> actions = next;
        metrics.sending(actions.size(), nextBytes);
        next = new ArrayList<>();
        nextBytes = 0;
        underWay = true;
        thread.execute(() -> settle(actions));
    }

    private void settle(List<BulkAction> actions) {
        long began = System.nanoTime();
        try {
            sender.send(actions);
            metrics.settledAfter(System.nanoTime() - began);
            tell(() -> underWay = false);
        } catch (Throwable e) { // In this thread nobody else would ever see it.
            tell(() -> ExceptionUtils.rethrowException(e));
        }
    }

    private void tell(ThrowingRunnable<Exception> mail) {
        try {
            mailbox.execute(mail, "an answer of OpenSearch");
        } catch (RejectedExecutionException e) {
            // The task has ended, and with it the interest in this request.
        }
    }
}
