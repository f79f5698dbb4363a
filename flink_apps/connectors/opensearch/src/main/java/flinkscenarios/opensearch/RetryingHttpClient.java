package flinkscenarios.opensearch;

import java.io.IOException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.apache.http.HttpEntity;
import org.apache.http.HttpEntityEnclosingRequest;
import org.apache.http.HttpException;
import org.apache.http.HttpHost;
import org.apache.http.HttpRequest;
import org.apache.http.HttpResponse;
import org.apache.http.client.protocol.HttpClientContext;
import org.apache.http.concurrent.BasicFuture;
import org.apache.http.concurrent.FutureCallback;
import org.apache.http.impl.nio.client.CloseableHttpAsyncClient;
import org.apache.http.message.BasicHttpEntityEnclosingRequest;
import org.apache.http.nio.client.methods.HttpAsyncMethods;
import org.apache.http.nio.entity.NByteArrayEntity;
import org.apache.http.nio.protocol.HttpAsyncRequestProducer;
import org.apache.http.nio.protocol.HttpAsyncResponseConsumer;
import org.apache.http.protocol.HttpContext;
import org.apache.http.util.EntityUtils;

/**
 * Sends each request, authenticated anew, until it is answered well, or cannot be.
 *
 * <p>A status of 429 or 5xx, and any trouble with the connection, is tried again; another status from 400 on is a
 * {@link RequestFailure} at once. Not done by interceptors: they can neither repeat a request, nor fail without ending
 * the client's I/O threads, when there are no credentials for example.
 */
final class RetryingHttpClient extends CloseableHttpAsyncClient {

    private static final byte[] NO_BODY = {};

    private final HttpHost endpoint;
    private final CloseableHttpAsyncClient client;
    private final Authentication authentication;
    private final RetryPolicy retries;
    private final ScheduledThreadPoolExecutor timer;

    RetryingHttpClient(
            HttpHost endpoint, CloseableHttpAsyncClient client, Authentication authentication, RetryPolicy retries) {
        this.endpoint = endpoint;
        this.client = client;
        this.authentication = authentication;
        this.retries = retries;
        this.timer = new ScheduledThreadPoolExecutor(1, RetryingHttpClient::timerThread);
    }

    private static Thread timerThread(Runnable work) {
        Thread thread = new Thread(work, "opensearch-retry-timer");
        thread.setDaemon(true);
        return thread;
    }

    @Override
    public boolean isRunning() {
        return client.isRunning();
    }

    @Override
    public void start() {
        client.start();
    }

    @Override
    public void close() throws IOException {
        timer.shutdownNow();
        authentication.close();
        client.close();
    }

    @Override
    public <T> Future<T> execute(
            HttpAsyncRequestProducer producer,
            HttpAsyncResponseConsumer<T> consumer,
            HttpContext context,
            FutureCallback<T> callback) {
        BasicFuture<T> result = new BasicFuture<>(callback);
        try {
            new Call<>(producer.generateRequest(), result).attempt();
        } catch (IOException | HttpException e) {
            result.failed(e);
        }
        return result;
    }

    /** One request, and all attempts to have it answered. */
    private final class Call<T> implements FutureCallback<HttpResponse> {

        private final HttpRequest request;
        private final byte[] body;
        private final BasicFuture<T> result;
        private int attempts;

        Call(HttpRequest request, BasicFuture<T> result) throws IOException {
            this.request = request;
            this.result = result;
            // Once: every attempt sends, and signs, the very same bytes; a compressed body is not compressed again.
            HttpEntity entity = entity(request);
            this.body = entity == null ? NO_BODY : EntityUtils.toByteArray(entity);
        }

        void attempt() {
            attempts++;
            try {
                // A consumer takes one response; so each attempt has its own, not the caller's.
                client.execute(
                        HttpAsyncMethods.create(endpoint, authenticated()),
                        HttpAsyncMethods.createConsumer(),
                        HttpClientContext.create(),
                        this);
            } catch (RuntimeException | Error e) {
                // An error, too: in the timer's thread nobody else would ever see it.
                retry(e.toString());
            }
        }

        @Override
        @SuppressWarnings("unchecked") // OpenSearch's client asks for an HttpResponse.
        public void completed(HttpResponse response) {
            int status = response.getStatusLine().getStatusCode();
            if (status < 400) {
                result.completed((T) response);
            } else if (status == 429 || status >= 500) {
                retry("status " + status + ": " + RequestFailure.text(response));
            } else {
                result.failed(RequestFailure.refused(endpoint, status, RequestFailure.text(response)));
            }
        }

        @Override
        public void failed(Exception e) {
            retry(e.toString());
        }

        @Override
        public void cancelled() {
            result.cancel();
        }

        private void retry(String trouble) {
            try {
                if (retries.allowsAfter(attempts)) {
                    timer.schedule(this::attempt, retries.pauseMillis(attempts), TimeUnit.MILLISECONDS);
                } else {
                    result.failed(RequestFailure.exhausted(endpoint, attempts, trouble));
                }
            } catch (RejectedExecutionException e) {
                result.failed(RequestFailure.exhausted(endpoint, attempts, trouble));
            }
        }

        private HttpRequest authenticated() {
            BasicHttpEntityEnclosingRequest copy = new BasicHttpEntityEnclosingRequest(request.getRequestLine());
            copy.setHeaders(request.getAllHeaders());
            String method = request.getRequestLine().getMethod();
            authentication.headers(method, request.getRequestLine().getUri(), body).forEach(copy::setHeader);
            HttpEntity entity = entity(request);
            if (entity != null) {
                NByteArrayEntity bytes = new NByteArrayEntity(body);
                bytes.setContentType(entity.getContentType());
                bytes.setContentEncoding(entity.getContentEncoding());
                copy.setEntity(bytes);
            }
            return copy;
        }
    }

    private static HttpEntity entity(HttpRequest request) {
        return request instanceof HttpEntityEnclosingRequest
                ? ((HttpEntityEnclosingRequest) request).getEntity()
                : null;
    }
}
