package flinkscenarios.opensearch;

import flinkscenarios.http.RequestFailure;
import flinkscenarios.http.RetriesExhaustedException;
import flinkscenarios.http.RetryPolicy;
import flinkscenarios.http.RetryableException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Sends bulk requests until each action is complete: OpenSearch has performed it, or has stored its document as a
 * rejected one.
 */
final class BulkSender {

    private static final long INITIAL_PAUSE_MILLIS = 50;
    private static final long MAX_PAUSE_MILLIS = 10_000;

    private final String rejectedIndex;
    private final BulkClient client;
    private final BulkFailures failures;
    private final RetryPolicy retries;
    private final SinkMetrics metrics;

    BulkSender(OpenSearchOptions options, BulkClient client, SinkMetrics metrics) {
        this.rejectedIndex = options.rejectedIndex();
        this.client = client;
        this.failures = new BulkFailures(options.endpoint());
        this.retries = new RetryPolicy(options.maxAttempts() - 1, INITIAL_PAUSE_MILLIS, MAX_PAUSE_MILLIS);
        this.metrics = metrics;
    }

    /**
     * Sends actions as one request, repeats those that are retryable, and returns when all are complete.
     *
     * @throws RequestFailure OpenSearch will not perform an action, or did not within the attempts
     * @throws InterruptedException during an attempt, or between two
     */
    void send(List<BulkAction> actions) throws IOException, InterruptedException {
        List<BulkAction> rejections;
        try {
            rejections = retries.call(new Request(actions)::attempt, metrics.retries()::inc);
        } catch (RetriesExhaustedException e) {
            throw failures.exhausted(e);
        }
        if (!rejections.isEmpty()) {
            send(rejections);
        }
    }

    /** The actions of a request that are not complete. */
    private final class Request {

        private List<BulkAction> actions;
        private final List<BulkAction> rejections = new ArrayList<>();

        Request(List<BulkAction> actions) {
            this.actions = actions;
        }

        /**
         * Sends the actions that are left, in their order.
         *
         * @return the actions that store the documents that were refused
         * @throws RetryableException some actions are left
         */
        List<BulkAction> attempt() throws IOException, InterruptedException {
            List<ItemResult> results = client.send(actions);
            boolean anyRetryable =
                    results.stream().anyMatch(result -> result.outcome() == ItemResult.Outcome.RETRYABLE);
            Deque<BulkAction> left = new ArrayDeque<>();
            Set<Object> replaced = new HashSet<>();
            ItemResult firstRetryable = null;
            // From the last to the first: an action that a later one has replaced must not come after it.
            for (int i = results.size() - 1; i >= 0; i--) {
                BulkAction action = actions.get(i);
                ItemResult result = results.get(i);
                switch (result.outcome()) {
                    case COMPLETE:
                        (isRejection(action) ? metrics.rejected() : metrics.indexed()).inc();
                        if (anyRetryable) {
                            replaced.add(action.target());
                        }
                        break;
                    case RETRYABLE:
                        if (!replaced.contains(action.target())) {
                            left.addFirst(action);
                            firstRetryable = result;
                        }
                        break;
                    default:
                        rejections.add(rejection(action, result));
                }
            }
            actions = List.copyOf(left);
            if (firstRetryable != null) {
                throw new RetryableException(firstRetryable.describe(actions.get(0)));
            }
            return rejections;
        }
    }

    private boolean isRejection(BulkAction action) {
        return rejectedIndex.equals(action.index());
    }

    /** The action that stores the document of one that OpenSearch will never perform. */
    private BulkAction rejection(BulkAction action, ItemResult result) throws RequestFailure {
        if (result.outcome() == ItemResult.Outcome.FORBIDDEN) {
            throw failures.forbidden(action, result);
        }
        if (isRejection(action)) {
            throw failures.rejectionRefused(action, result);
        }
        return RejectedDocument.of(action, result.reason()).action(rejectedIndex, Instant.now());
    }
}
