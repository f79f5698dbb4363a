package flinkscenarios.opensearch;

import java.io.Closeable;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.annotation.Nullable;
import org.apache.flink.connector.opensearch.sink.BulkResponseInspector;
import org.apache.flink.metrics.Counter;
import org.apache.flink.util.FlinkRuntimeException;
import org.apache.http.HttpHost;
import org.opensearch.action.DocWriteRequest;
import org.opensearch.action.bulk.BulkItemResponse;
import org.opensearch.action.bulk.BulkRequest;
import org.opensearch.action.bulk.BulkResponse;
import org.opensearch.client.RequestOptions;
import org.opensearch.client.RestHighLevelClient;

/**
 * Settles each item of an answered bulk request: tries it again, keeps it as a rejected document, or fails the job.
 *
 * <p>The library's writer calls it in the task's thread, and subtracts the request's actions from the pending ones
 * after it has returned, while a checkpoint waits until none is pending. So all that is done here, is done before the
 * checkpoint; and as the task does nothing else meanwhile, a later change of a document cannot overtake one that is
 * tried again.
 *
 * <p>The library's own repetition is not used: it knows the status 429 alone, and returns the answers in another order
 * than the items.
 */
final class BulkResults implements BulkResponseInspector, Closeable {

    private final HttpHost endpoint;
    private final String rejectedIndex;
    private final ClientFactory clients;
    private final RetryPolicy retries;
    private final Counter indexed;
    private final Counter rejected;

    /** Opened when first needed: most writers never meet a failure. */
    @Nullable private RestHighLevelClient client;

    BulkResults(
            OpenSearchOptions options, ClientFactory clients, RetryPolicy retries, Counter indexed, Counter rejected) {
        this.endpoint = options.endpoint();
        this.rejectedIndex = options.rejectedIndex();
        this.clients = clients;
        this.retries = retries;
        this.indexed = indexed;
        this.rejected = rejected;
    }

    @Override
    public void inspect(BulkRequest request, BulkResponse response) {
        List<DocWriteRequest<?>> items = request.requests();
        BulkRequest rejections = new BulkRequest();
        BulkResponse answer = response;
        for (int attempts = 1; ; attempts++) {
            items = settle(items, answer, rejections);
            if (items.isEmpty()) {
                break;
            }
            pause(attempts, items.size(), answer);
            answer = send(new BulkRequest().add(items));
        }
        if (rejections.numberOfActions() > 0) {
            inspect(rejections, send(rejections));
        }
    }

    @Override
    public void close() throws IOException {
        if (client != null) {
            client.close();
        }
    }

    /** Returns the items to try again, in their order. */
    private List<DocWriteRequest<?>> settle(
            List<DocWriteRequest<?>> items, BulkResponse response, BulkRequest rejections) {
        BulkItemResponse[] answers = response.getItems();
        if (answers.length != items.size()) {
            throw new FlinkRuntimeException(
                    String.format(
                            "OpenSearch at %s must answer for each item of a bulk request"
                                    + " (got %d answers for %d items); check 'endpoint'",
                            endpoint.toURI(), answers.length, items.size()));
        }
        Deque<DocWriteRequest<?>> again = new ArrayDeque<>();
        Set<List<String>> done = new HashSet<>();
        boolean someFailed = response.hasFailures();
        // From the last to the first: one that a later one has replaced must not come after it.
        for (int i = answers.length - 1; i >= 0; i--) {
            DocWriteRequest<?> item = items.get(i);
            boolean isRejection = rejectedIndex.equals(item.index());
            switch (ItemVerdict.of(answers[i])) {
                case DONE:
                    (isRejection ? rejected : indexed).inc();
                    if (someFailed && item.id() != null) {
                        done.add(List.of(item.index(), item.id()));
                    }
                    break;
                case RETRY:
                    if (item.id() == null || !done.contains(List.of(item.index(), item.id()))) {
                        again.addFirst(item);
                    }
                    break;
                case REFUSED:
                    if (isRejection) {
                        throw failure("must keep rejected documents", answers[i], "correct the mapping of that index");
                    }
                    rejections.add(
                            RejectedDocument.of(item, ItemVerdict.reason(answers[i]))
                                    .request(rejectedIndex, Instant.now()));
                    break;
                case FORBIDDEN:
                default:
                    throw failure("must let this job write", answers[i], "allow its role or user to write there");
            }
        }
        return new ArrayList<>(again);
    }

    private void pause(int attempts, int items, BulkResponse answer) {
        if (!retries.allowsAfter(attempts)) {
            BulkItemResponse last =
                    List.of(answer.getItems()).stream()
                            .filter(item -> ItemVerdict.of(item) == ItemVerdict.RETRY)
                            .findFirst()
                            .orElseThrow();
            String rule = String.format("must accept %d documents within %d attempts", items, attempts);
            throw failure(rule, last, "see the cluster's health and load");
        }
        try {
            Thread.sleep(retries.pauseMillis(attempts));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new FlinkRuntimeException("interrupted while waiting for OpenSearch", e);
        }
    }

    private BulkResponse send(BulkRequest request) {
        try {
            if (client == null) {
                client = clients.create();
            }
            return client.bulk(request, RequestOptions.DEFAULT);
        } catch (IOException e) {
            throw new FlinkRuntimeException(e.getMessage(), e);
        }
    }

    private FlinkRuntimeException failure(String rule, BulkItemResponse item, String fix) {
        return new FlinkRuntimeException(
                String.format(
                        "OpenSearch at %s %s (got status %d for index %s: %s); %s",
                        endpoint.toURI(),
                        rule,
                        item.status().getStatus(),
                        item.getIndex(),
                        ItemVerdict.reason(item),
                        fix));
    }
}
