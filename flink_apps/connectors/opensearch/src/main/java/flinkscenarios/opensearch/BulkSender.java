package flinkscenarios.opensearch;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.http.HttpHost;

/**
 * Sends bulk requests until each action is settled: OpenSearch has done it, or has kept its document as a rejected one.
 */
final class BulkSender {

    private final HttpHost endpoint;
    private final String rejectedIndex;
    private final BulkClient client;
    private final RetryPolicy retries;
    private final SinkMetrics metrics;

    BulkSender(OpenSearchOptions options, BulkClient client, SinkMetrics metrics) {
        this.endpoint = options.endpoint();
        this.rejectedIndex = options.rejectedIndex();
        this.client = client;
        this.retries = new RetryPolicy(options.maxAttempts(), metrics.retries());
        this.metrics = metrics;
    }

    /**
     * Sends actions as one request, then those that may pass again, and returns when all are settled.
     *
     * @throws RequestFailure OpenSearch will not do an action, or not within the attempts
     * @throws InterruptedException between two attempts
     */
    void send(List<BulkAction> actions) throws RequestFailure, InterruptedException {
        Request request = new Request(actions);
        for (int attempts = 1; ; attempts++) {
            try {
                request.attempt();
                break;
            } catch (TransientFailure e) {
                if (!retries.allowsAfter(attempts)) {
                    throw RequestFailure.exhausted(endpoint, attempts, e);
                }
                Thread.sleep(retries.pauseMillis(attempts));
            }
        }
        if (!request.rejections.isEmpty()) {
            send(request.rejections);
        }
    }

    /** Actions, until they are settled. */
    private final class Request {

        private List<BulkAction> actions;
        private final List<BulkAction> rejections = new ArrayList<>();

        Request(List<BulkAction> actions) {
            this.actions = actions;
        }

        /** Sends what is left; after a transient failure that is what has to be sent again, in its order. */
        void attempt() throws TransientFailure, RequestFailure {
            List<ItemResult> results = client.send(actions);
            boolean someAgain = results.stream().anyMatch(result -> result.verdict() == ItemResult.Verdict.RETRY);
            Deque<BulkAction> again = new ArrayDeque<>();
            Set<Object> done = new HashSet<>();
            ItemResult trouble = null;
            // From the last to the first: an action that a later one has replaced must not come after it.
            for (int i = results.size() - 1; i >= 0; i--) {
                BulkAction action = actions.get(i);
                ItemResult result = results.get(i);
                switch (result.verdict()) {
                    case DONE:
                        (isRejection(action) ? metrics.rejected() : metrics.indexed()).inc();
                        if (someAgain) {
                            done.add(action.target());
                        }
                        break;
                    case RETRY:
                        if (!done.contains(action.target())) {
                            again.addFirst(action);
                            trouble = result;
                        }
                        break;
                    default:
                        rejections.add(rejection(action, result));
                }
            }
            actions = List.copyOf(again);
            if (trouble != null) {
                throw TransientFailure.of(actions.get(0), trouble);
            }
        }
    }

    private boolean isRejection(BulkAction action) {
        return rejectedIndex.equals(action.index());
    }

    /** What keeps the document of an action that OpenSearch will never do. */
    private BulkAction rejection(BulkAction action, ItemResult result) throws RequestFailure {
        if (result.verdict() == ItemResult.Verdict.FORBIDDEN) {
            throw RequestFailure.ofAction(
                    endpoint, "must let this job write", action, result, "allow its role or user to write there");
        }
        if (isRejection(action)) {
            throw RequestFailure.ofAction(
                    endpoint, "must keep rejected documents", action, result, "correct the mapping of that index");
        }
        return RejectedDocument.of(action, result.reason()).action(rejectedIndex, Instant.now());
    }
}
