package flinkscenarios.opensearch;

import flinkscenarios.http.RequestFailure;
import flinkscenarios.http.RetriesExhaustedException;
import flinkscenarios.http.RetryPolicy;
import flinkscenarios.http.RetryableException;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import javax.annotation.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends bulk requests until each action is complete: OpenSearch has performed it, or has stored its document as a
 * rejected one.
 */
final class BulkSender {

    private static final Logger LOG = LoggerFactory.getLogger(BulkSender.class);
    private static final long INITIAL_PAUSE_MILLIS = 50;
    private static final long MAX_PAUSE_MILLIS = 10_000;

    private final OpenSearchOptions options;
    private final BulkClient client;
    private final BulkFailures failures;
    private final RetryPolicy retries;
    private final RetryPolicy patience;
    private final SinkMetrics metrics;
    @Nullable private String blockLogged;

    BulkSender(OpenSearchOptions options, BulkClient client, SinkMetrics metrics) {
        this.options = options;
        this.client = client;
        this.failures = new BulkFailures(options.endpoint());
        this.retries = new RetryPolicy(options.maxAttempts() - 1, INITIAL_PAUSE_MILLIS, MAX_PAUSE_MILLIS);
        // A full disk takes somebody hours to notice. Meanwhile a restart would help nobody.
        this.patience = new RetryPolicy(Integer.MAX_VALUE, INITIAL_PAUSE_MILLIS, MAX_PAUSE_MILLIS);
        this.metrics = metrics;
    }

    /**
     * Sends actions as one request, repeats those that are retryable, and returns when all are complete. Waits as long
     * as OpenSearch blocks writes.
     *
     * @throws RequestFailure OpenSearch will not perform an action, or did not within the attempts
     * @throws InterruptedException during an attempt, or between two
     */
    void send(List<BulkAction> actions) throws IOException, InterruptedException {
        Refusals refusals = new Refusals();
        perform(actions, refusals);
        while (!refusals.isEmpty()) {
            perform(nextRejections(refusals), refusals);
        }
    }

    /** Takes as many refused documents as fit in a request: to store them takes two or three times their size. */
    private List<BulkAction> nextRejections(Refusals refusals) {
        Bulk bulk = new Bulk(options);
        while (!refusals.isEmpty()) {
            BulkAction rejection = action(refusals.first());
            if (!bulk.takes(rejection)) {
                break;
            }
            bulk.add(rejection);
            refusals.removeFirst();
        }
        return bulk.actions();
    }

    /** Returns when each of the actions is complete or refused. */
    private void perform(List<BulkAction> actions, Refusals refusals) throws IOException, InterruptedException {
        BulkRequest request = new BulkRequest(actions, client, failures, metrics, refusals);
        try {
            patience.call(() -> pass(request), metrics.blocked()::inc);
            if (blockLogged != null) {
                blockLogged = null;
                LOG.info("OpenSearch at {} takes documents again", options.endpoint());
            }
        } catch (RequestTooLargeException e) {
            metrics.retries().inc();
            divide(request.left(), e, refusals);
        }
    }

    /** Makes attempts until no action is left but those that a block holds up. */
    private BulkRequest pass(BulkRequest request) throws IOException, InterruptedException {
        try {
            retries.call(request::attempt, metrics.retries()::inc);
        } catch (RetriesExhaustedException e) {
            throw failures.exhausted(e);
        }
        String block = request.block();
        if (block == null) {
            return request;
        }
        if (!block.equals(blockLogged)) {
            blockLogged = block;
            LOG.warn("OpenSearch at {} blocks writes, documents wait: {}", options.endpoint(), block);
        }
        throw new RetryableException(block);
    }

    /** Sends the two halves. A single document that is too large is refused; a rejected one becomes shorter. */
    private void divide(List<BulkAction> actions, RequestTooLargeException cause, Refusals refusals)
            throws IOException, InterruptedException {
        int half = actions.size() / 2;
        if (half > 0) {
            perform(actions.subList(0, half), refusals);
            perform(actions.subList(half, actions.size()), refusals);
            return;
        }
        BulkAction alone = actions.get(0);
        RejectedDocument rejected = alone.rejected();
        if (rejected == null) {
            refusals.add(RejectedDocument.of(alone, "too_large: " + cause.getMessage()));
        } else if (rejected.isShortenable()) {
            perform(List.of(action(rejected.shortened())), refusals);
        } else {
            throw cause.failure();
        }
    }

    private BulkAction action(RejectedDocument rejected) {
        return rejected.action(options.rejectedIndex(), Instant.now());
    }
}
