package flinkscenarios.opensearch;

import flinkscenarios.authentication.Authentication;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.apache.http.HttpEntity;
import org.apache.http.HttpHost;
import org.apache.http.client.config.RequestConfig;
import org.apache.http.client.methods.CloseableHttpResponse;
import org.apache.http.client.methods.HttpPost;
import org.apache.http.entity.ByteArrayEntity;
import org.apache.http.entity.ContentType;
import org.apache.http.impl.client.CloseableHttpClient;
import org.apache.http.impl.client.HttpClientBuilder;
import org.apache.http.util.EntityUtils;

/**
 * Sends bulk requests over HTTP, each once, authenticated anew.
 *
 * <p>Not by the HTTP client of the JDK: before Java 21 that cannot be closed while it waits for an answer, and it knows
 * no timeout of a silent connection.
 */
final class BulkClient implements Closeable {

    private static final ContentType NDJSON = ContentType.create("application/x-ndjson");
    private static final String PATH =
            "/_bulk?filter_path=" + URLEncoder.encode(BulkResponse.FILTER, StandardCharsets.UTF_8).replace("*", "%2A");

    private final HttpHost endpoint;
    private final boolean compression;
    private final Authentication authentication;
    private final CloseableHttpClient http;

    BulkClient(OpenSearchOptions options, Authentication authentication) {
        this.endpoint = options.endpoint();
        this.compression = options.compression();
        this.authentication = authentication;
        // What the client would do by itself is done here, or cannot be with signed requests.
        this.http =
                HttpClientBuilder.create()
                        .setDefaultRequestConfig(timeouts(options))
                        .disableAutomaticRetries()
                        .disableRedirectHandling()
                        .disableContentCompression()
                        .disableCookieManagement()
                        .disableAuthCaching()
                        .build();
    }

    private static RequestConfig timeouts(OpenSearchOptions options) {
        return RequestConfig.custom()
                .setConnectTimeout(options.connectionTimeoutMillis())
                .setConnectionRequestTimeout(options.connectionRequestTimeoutMillis())
                .setSocketTimeout(options.socketTimeoutMillis())
                .build();
    }

    /**
     * Sends actions as one request, and returns their results in the same order.
     *
     * @throws TransientFailure a status of 429 or 5xx, no credentials, or trouble with the connection
     * @throws RequestFailure the request is refused as a whole, or not answered as one
     */
    List<ItemResult> send(List<BulkAction> actions) throws TransientFailure, RequestFailure {
        int status;
        byte[] answer;
        try (CloseableHttpResponse response = http.execute(endpoint, request(actions))) {
            status = response.getStatusLine().getStatusCode();
            HttpEntity entity = response.getEntity();
            answer = entity == null ? new byte[0] : EntityUtils.toByteArray(entity);
        } catch (IOException | RuntimeException e) {
            throw TransientFailure.of(e);
        }
        if (status >= 200 && status < 300) {
            return results(answer, actions.size());
        }
        String text = new String(answer, StandardCharsets.UTF_8);
        if (status == 429 || status >= 500) {
            throw TransientFailure.of(status, text);
        }
        throw RequestFailure.refused(endpoint, status, text);
    }

    /** Ends the requests under way, too. */
    @Override
    public void close() throws IOException {
        http.close();
        authentication.close();
    }

    private List<ItemResult> results(byte[] answer, int actions) throws RequestFailure {
        try {
            return BulkResponse.read(answer, actions);
        } catch (IOException e) {
            throw RequestFailure.misunderstood(endpoint, e.getMessage(), new String(answer, StandardCharsets.UTF_8));
        }
    }

    private HttpPost request(List<BulkAction> actions) throws IOException {
        byte[] body = body(actions);
        HttpPost post = new HttpPost(PATH);
        post.setEntity(new ByteArrayEntity(body, NDJSON));
        if (compression) {
            post.setHeader("Content-Encoding", "gzip");
        }
        URI uri = URI.create(endpoint.toURI() + PATH);
        authentication.headers(post.getMethod(), uri, body).forEach(post::setHeader);
        return post;
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
