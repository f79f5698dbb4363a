package flinkscenarios.opensearch;

import flinkscenarios.http.Answer;
import flinkscenarios.http.PostClient;
import flinkscenarios.http.RequestFailure;
import flinkscenarios.http.RetryableException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

/** Sends bulk requests, each once. */
final class BulkClient implements AutoCloseable {

    private static final String PATH =
            "/_bulk?filter_path=" + URLEncoder.encode(BulkResponse.FILTER, StandardCharsets.UTF_8).replace("*", "%2A");

    private static final int TOO_LARGE = 413;

    private final boolean compression;
    private final BulkFailures failures;
    private final PostClient client;

    BulkClient(OpenSearchOptions options) {
        this.compression = options.compression();
        this.failures = new BulkFailures(options.endpoint());
        Map<String, String> headers = new HashMap<>(Map.of("Content-Type", "application/x-ndjson"));
        if (compression) {
            headers.put("Content-Encoding", "gzip");
        }
        URI uri = URI.create(options.endpoint() + PATH);
        this.client = new PostClient(uri, options.timeouts(), headers, options.authentication().create());
    }

    /**
     * Sends actions as one request, and returns their results in the same order.
     *
     * @throws RetryableException the request may succeed later
     * @throws RequestTooLargeException it may succeed in parts
     * @throws RequestFailure OpenSearch refuses the request as a whole, or the answer is not one of OpenSearch
     */
    List<ItemResult> send(List<BulkAction> actions) throws IOException, InterruptedException {
        Answer answer = client.post(body(actions));
        if (answer.status() == TOO_LARGE) {
            throw new RequestTooLargeException(answer, failures.refused(answer));
        }
        if (!answer.isSuccess()) {
            ItemResult block = BulkResponse.block(answer.status(), answer.body());
            if (block == null) {
                throw failures.refused(answer);
            }
            return Collections.nCopies(actions.size(), block);
        }
        try {
            return BulkResponse.read(answer.body(), actions.size());
        } catch (IOException e) {
            throw failures.misunderstood(e.getMessage(), answer);
        }
    }

    /** Aborts the requests under way, too. */
    @Override
    public void close() {
        client.close();
    }

    private byte[] body(List<BulkAction> actions) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        actions.forEach(action -> action.writeTo(body));
        if (!compression) {
            return body.toByteArray();
        }
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        try (OutputStream gzip = new GZIPOutputStream(compressed)) {
            body.writeTo(gzip);
        }
        return compressed.toByteArray();
    }
}
