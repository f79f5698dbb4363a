package flinkscenarios.kinesis;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.base.sink.writer.AsyncSinkWriter;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.connector.base.sink.writer.ResultHandler;
import org.apache.flink.connector.base.sink.writer.config.AsyncSinkWriterConfiguration;
import org.apache.flink.metrics.Counter;
import org.apache.flink.table.data.RowData;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequestEntry;
import software.amazon.awssdk.services.kinesis.model.PutRecordsResultEntry;

/**
 * Puts records, and those that were refused again, ahead of all that follow.
 *
 * <p>The base class counts what is under way, keeps what waits, asks for less at a time after refusals, and has the
 * metrics. A request that is to be tried again counts as under way while it waits, so that nothing overtakes it.
 */
final class KinesisWriter extends AsyncSinkWriter<RowData, PutRecordsRequestEntry> {

    private static final Logger LOG = LoggerFactory.getLogger(KinesisWriter.class);

    private static final long FIRST_PAUSE_MILLIS = 100;
    private static final long LONGEST_PAUSE_MILLIS = Duration.ofSeconds(10).toMillis();

    private final KinesisService service;
    private final boolean failsOnError;
    private final Counter errors;
    private final ScheduledThreadPoolExecutor threads;
    private final AtomicInteger failures = new AtomicInteger();

    @SuppressWarnings("deprecation") // Flink 2 has another constructor, Flink 1 has not.
    KinesisWriter(
            RowEncoder encoder,
            WriterInitContext context,
            SinkOptions options,
            KinesisService service,
            Collection<BufferedRequestState<PutRecordsRequestEntry>> recovered) {
        super(
                encoder,
                context,
                AsyncSinkWriterConfiguration.builder()
                        .setMaxBatchSize(options.maxBatchSize())
                        .setMaxBatchSizeInBytes(options.maxBatchBytes())
                        .setMaxInFlightRequests(options.maxInFlight())
                        .setMaxBufferedRequests(options.maxBuffered())
                        .setMaxTimeInBufferMS(options.maxBufferedMillis())
                        .setMaxRecordSizeInBytes(options.maxRecordBytes())
                        .build(),
                recovered);
        this.service = service;
        this.failsOnError = options.failsOnError();
        this.errors = context.metricGroup().getNumRecordsOutErrorsCounter();
        int calls = Math.min(options.maxInFlight(), options.maxConnections());
        this.threads = new ScheduledThreadPoolExecutor(calls, KinesisWriter::thread);
        threads.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    private static Thread thread(Runnable work) {
        Thread thread = new Thread(work, "kinesis-sink");
        thread.setDaemon(true);
        return thread;
    }

    @Override
    protected void submitRequestEntries(
            List<PutRecordsRequestEntry> entries, ResultHandler<PutRecordsRequestEntry> handler) {
        threads.execute(() -> put(entries, handler));
    }

    /** The service counts the key, too. */
    @Override
    protected long getSizeInBytes(PutRecordsRequestEntry entry) {
        return entry.data().asByteArrayUnsafe().length
                + entry.partitionKey().getBytes(StandardCharsets.UTF_8).length;
    }

    /** Does not wait: what is under way is of no interest any more, or there is none. */
    @Override
    public void close() {
        threads.shutdownNow();
        service.close();
    }

    private void put(List<PutRecordsRequestEntry> entries, ResultHandler<PutRecordsRequestEntry> handler) {
        List<PutRecordsRequestEntry> refused = new ArrayList<>();
        ServiceException failure = null;
        String reason = null;
        try {
            List<PutRecordsResultEntry> answers = service.put(entries);
            for (int i = 0; i < answers.size(); i++) {
                PutRecordsResultEntry answer = answers.get(i);
                if (answer.errorCode() != null) {
                    refused.add(entries.get(i));
                    reason = answer.errorCode() + ": " + answer.errorMessage();
                }
            }
        } catch (ServiceException e) {
            failure = e;
            refused = entries;
            reason = e.getMessage();
        } catch (Throwable e) { // In this thread nobody else would ever see it.
            handler.completeExceptionally(new IllegalStateException(e));
            return;
        }
        if (refused.isEmpty()) {
            failures.set(0);
            handler.complete();
            return;
        }
        synchronized (errors) { // Where several requests are under way, so are several threads.
            errors.inc(refused.size());
        }
        if (failsOnError || failure != null && !failure.kind().passes()) {
            handler.completeExceptionally(failure != null ? failure : new IllegalStateException(refusal(reason)));
            return;
        }
        retry(refused, handler, reason);
    }

    private static String refusal(String reason) {
        return "the stream must take every record at once where 'sink.fail-on-error' is true (got " + reason
                + "); set it to false to have records put again, or give the stream more shards";
    }

    private void retry(
            List<PutRecordsRequestEntry> refused, ResultHandler<PutRecordsRequestEntry> handler, String reason) {
        long most = Math.min(LONGEST_PAUSE_MILLIS, FIRST_PAUSE_MILLIS << Math.min(failures.getAndIncrement(), 10));
        long pause = ThreadLocalRandom.current().nextLong(most / 2, most + 1);
        LOG.warn("{} records are put again in {} ms: {}", refused.size(), pause, reason);
        try {
            threads.schedule(() -> handler.retryForEntries(refused), pause, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            // The task has ended, and with it the interest in these.
        }
    }
}
