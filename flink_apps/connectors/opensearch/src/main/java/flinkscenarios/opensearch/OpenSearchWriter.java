package flinkscenarios.opensearch;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.table.data.RowData;

/**
 * Sends the documents of rows in bulk requests, and at a checkpoint waits until OpenSearch has answered for all.
 *
 * <p>Each document has a lane, chosen by its id, in which one request follows the other: the changes of a document stay
 * in order without a look at what is under way. Several lanes keep OpenSearch at work while one has an answer to wait
 * for; {@code AsyncSinkWriter} would put actions that failed behind later ones.
 */
final class OpenSearchWriter implements SinkWriter<RowData> {

    /** Requests under way at a time, at the most. */
    static final int LANES = 2;

    private final RowActions rowActions;
    private final MailboxExecutor mailbox;
    private final BulkClient client;
    private final ExecutorService threads = Executors.newFixedThreadPool(LANES, OpenSearchWriter::thread);
    private final List<BulkLane> lanes;
    private int turn;

    OpenSearchWriter(
            OpenSearchOptions options, RowActions rowActions, MailboxExecutor mailbox, SinkMetrics metrics) {
        this.rowActions = rowActions;
        this.mailbox = mailbox;
        this.client = new BulkClient(options, Authentication.of(options));
        BulkSender sender = new BulkSender(options, client, metrics);
        this.lanes =
                IntStream.range(0, LANES)
                        .mapToObj(lane -> new BulkLane(options, sender, threads, mailbox, metrics))
                        .collect(Collectors.toUnmodifiableList());
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

    @Override
    public void write(RowData row, Context context) throws InterruptedException {
        BulkAction action = rowActions.of(row);
        if (action != null) {
            lane(action).add(action);
        }
    }

    @Override
    public void flush(boolean endOfInput) throws InterruptedException {
        sendAll();
        while (!lanes.stream().allMatch(BulkLane::isIdle)) {
            mailbox.yield();
            sendAll();
        }
    }

    /** Does not wait: what is under way is of no interest any more, or there is none. */
    @Override
    public void close() throws IOException {
        threads.shutdownNow();
        client.close();
    }

    private BulkLane lane(BulkAction action) {
        int number = action.id() == null ? turn++ : action.target().hashCode();
        return lanes.get(Math.floorMod(number, LANES));
    }

    private void sendAll() {
        lanes.forEach(BulkLane::send);
    }

    /** Leaves no action waiting for others longer than this. */
    void sendEvery(int intervalMillis, ProcessingTimeService timers) {
        timers.registerTimer(
                timers.getCurrentProcessingTime() + intervalMillis,
                time -> {
                    sendAll();
                    sendEvery(intervalMillis, timers);
                });
    }
}
