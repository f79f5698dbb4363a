package flinkscenarios.http;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.apache.http.HttpEntity;
import org.apache.http.client.config.RequestConfig;
import org.apache.http.client.methods.CloseableHttpResponse;
import org.apache.http.client.methods.HttpPost;
import org.apache.http.entity.ByteArrayEntity;
import org.apache.http.impl.client.CloseableHttpClient;
import org.apache.http.impl.client.HttpClientBuilder;
import org.apache.http.util.EntityUtils;

/**
 * Posts bodies to one address over a connection that is kept, each once, authenticated anew. Thread-safe.
 *
 * <p>It is not built on the HTTP client of the JDK. That one cannot be closed before Java 21. On Java 11 its
 * {@code cancel} aborts nothing, so a body that never ends holds its connection for ever. And it has no timeout for a
 * connection that is silent.
 */
public final class PostClient implements AutoCloseable {

    private final URI uri;
    private final Timeouts timeouts;
    private final Map<String, String> headers;
    private final Authentication authentication;
    private final CloseableHttpClient http;
    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, PostClient::timerThread);

    /**
     * A client of one address.
     *
     * @param uri the address, sent as it is, query included
     * @param headers of each request, in addition to those of the authentication
     * @param authentication is closed with the client
     */
    public PostClient(URI uri, Timeouts timeouts, Map<String, String> headers, Authentication authentication) {
        this.uri = uri;
        this.timeouts = timeouts;
        this.headers = Map.copyOf(headers);
        this.authentication = authentication;
        // The retry policy repeats requests; the other features would change requests that are signed.
        this.http =
                HttpClientBuilder.create()
                        .setDefaultRequestConfig(config(timeouts))
                        .disableAutomaticRetries()
                        .disableRedirectHandling()
                        .disableContentCompression()
                        .disableCookieManagement()
                        .disableAuthCaching()
                        .build();
        // Otherwise the deadlines of complete requests would stay in the queue.
        timer.setRemoveOnCancelPolicy(true);
    }

    private static RequestConfig config(Timeouts timeouts) {
        return RequestConfig.custom()
                .setConnectTimeout(timeouts.connectMillis())
                .setConnectionRequestTimeout(timeouts.leaseMillis())
                .setSocketTimeout(timeouts.silenceMillis())
                .setNormalizeUri(false)
                .build();
    }

    private static Thread timerThread(Runnable work) {
        Thread thread = new Thread(work, "http-deadline");
        thread.setDaemon(true);
        return thread;
    }

    /**
     * Posts a body, and returns the complete answer unless its status is retryable.
     *
     * @throws RetryableException the status is 408, 429 or 5xx, there was no complete answer in time, the connection failed,
     *     or there are no credentials
     * @throws InterruptedException the thread was interrupted, as it is when the client is closed
     */
    public Answer post(byte[] body) throws RetryableException, InterruptedException {
        Answer answer;
        try {
            answer = send(body);
        } catch (IOException | RuntimeException e) { // The latter from the credentials, or a client that is closed.
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            throw new RetryableException(e);
        }
        if (answer.isRetryable()) {
            throw new RetryableException(answer.toString());
        }
        return answer;
    }

    /** Aborts the requests under way, too. */
    @Override
    public void close() {
        timer.shutdownNow();
        try {
            http.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            authentication.close();
        }
    }

    private Answer send(byte[] body) throws IOException {
        HttpPost post = request(body);
        Future<?> deadline = deadline(post);
        try (CloseableHttpResponse response = http.execute(post)) {
            HttpEntity entity = response.getEntity();
            byte[] content = entity == null ? new byte[0] : EntityUtils.toByteArray(entity);
            return new Answer(response.getStatusLine().getStatusCode(), content);
        } catch (IOException e) {
            if (post.isAborted()) {
                throw new SocketTimeoutException("no answer within " + timeouts.totalMillis() + " ms");
            }
            throw e;
        } finally {
            deadline.cancel(false);
        }
    }

    private HttpPost request(byte[] body) {
        HttpPost post = new HttpPost(uri);
        post.setEntity(new ByteArrayEntity(body));
        headers.forEach(post::setHeader);
        authentication.headers(post.getMethod(), uri, body).forEach(post::setHeader);
        return post;
    }

    /** Aborts a request at the end of its time, which closes its connection. */
    private Future<?> deadline(HttpPost post) {
        return timeouts.totalMillis() == Timeouts.UNLIMITED
                ? CompletableFuture.completedFuture(null)
                : timer.schedule(post::abort, timeouts.totalMillis(), TimeUnit.MILLISECONDS);
    }
}
