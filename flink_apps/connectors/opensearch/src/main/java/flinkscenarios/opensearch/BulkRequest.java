package flinkscenarios.opensearch;

import flinkscenarios.http.RequestFailure;
import flinkscenarios.http.RetryableException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.annotation.Nullable;

/** The actions of a request that are left: neither complete nor refused. */
final class BulkRequest {

    private final BulkClient client;
    private final BulkFailures failures;
    private final SinkMetrics metrics;
    private final Refusals refusals;
    private List<BulkAction> left;
    @Nullable private String block;

    BulkRequest(
            List<BulkAction> actions,
            BulkClient client,
            BulkFailures failures,
            SinkMetrics metrics,
            Refusals refusals) {
        this.left = actions;
        this.client = client;
        this.failures = failures;
        this.metrics = metrics;
        this.refusals = refusals;
    }

    List<BulkAction> left() {
        return left;
    }

    /** Why the last attempt left actions over, in one line; null if it left none. */
    @Nullable
    String block() {
        return block;
    }

    /**
     * Sends the actions that are left, in their order. Afterwards only those are left that a block holds up.
     *
     * @throws RetryableException others are left, too
     * @throws RequestTooLargeException all are left
     * @throws RequestFailure a rejected document cannot be stored
     */
    BulkRequest attempt() throws IOException, InterruptedException {
        List<ItemResult> results = client.send(left);
        boolean anyUndone = results.stream().anyMatch(result -> result.outcome() != ItemResult.Outcome.COMPLETE);
        Deque<BulkAction> undone = new ArrayDeque<>();
        Deque<RejectedDocument> refused = new ArrayDeque<>();
        Set<Object> replaced = new HashSet<>();
        String retryable = null;
        block = null;
        // From the last to the first: an action that a later one has replaced must not come after it.
        for (int i = results.size() - 1; i >= 0; i--) {
            BulkAction action = left.get(i);
            ItemResult result = results.get(i);
            switch (outcome(action, result)) {
                case COMPLETE:
                    (action.rejected() == null ? metrics.indexed() : metrics.rejected()).inc();
                    if (anyUndone) {
                        replaced.add(action.target());
                    }
                    refusals.completed(action);
                    break;
                case RETRYABLE:
                    if (!replaced.contains(action.target())) {
                        undone.addFirst(action);
                        retryable = result.describe(action);
                    }
                    break;
                case CLUSTER_BLOCKED:
                    if (!replaced.contains(action.target())) {
                        undone.addFirst(refusals.original(action));
                        block = result.describe(action);
                    }
                    break;
                case INDEX_BLOCKED:
                    refused.addFirst(
                            replaced.contains(action.target())
                                    ? RejectedDocument.of(action, result.reason())
                                    : RejectedDocument.ofBlocked(action, result.reason()));
                    break;
                default:
                    if (action.rejected() != null) {
                        throw failures.rejectionRefused(action, result);
                    }
                    refused.addFirst(RejectedDocument.of(action, result.reason()));
            }
        }
        left = List.copyOf(undone);
        refused.forEach(refusals::add);
        if (retryable != null) {
            throw new RetryableException(retryable);
        }
        return this;
    }

    /**
     * What a result means for an action. Where even the index of the rejected documents is blocked, this is not about
     * one index: so does Amazon OpenSearch Service with all of them while memory or disk are short.
     */
    private static ItemResult.Outcome outcome(BulkAction action, ItemResult result) {
        boolean indexBlocked = result.outcome() == ItemResult.Outcome.INDEX_BLOCKED;
        return indexBlocked && action.rejected() != null ? ItemResult.Outcome.CLUSTER_BLOCKED : result.outcome();
    }
}
