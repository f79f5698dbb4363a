package flinkscenarios.prometheus;

import flinkscenarios.authentication.Authentication;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Sends remote write requests over a connection that stays, each once, authenticated anew. */
final class RemoteWriteClient implements AutoCloseable {

    private final PrometheusOptions options;
    private final Authentication authentication;
    private final ExecutorService threads = Executors.newCachedThreadPool(RemoteWriteClient::thread);
    private final HttpClient http;

    RemoteWriteClient(PrometheusOptions options, Authentication authentication) {
        this.options = options;
        this.authentication = authentication;
        this.http =
                HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .followRedirects(HttpClient.Redirect.NEVER)
                        .connectTimeout(Duration.ofMillis(options.socketTimeoutMillis()))
                        .executor(threads)
                        .build();
    }

    private static Thread thread(Runnable work) {
        Thread thread = new Thread(work, "prometheus-http");
        thread.setDaemon(true);
        return thread;
    }

    /**
     * Sends a body, and returns the answer, whatever its status.
     *
     * @throws IOException no answer in time, or trouble with the connection
     * @throws InterruptedException while waiting; the request is given up
     */
    HttpResponse<String> send(byte[] body) throws IOException, InterruptedException {
        CompletableFuture<HttpResponse<String>> answer =
                http.sendAsync(request(body), HttpResponse.BodyHandlers.ofString());
        try {
            // The timeout of the request ends with the head of the answer; this one is for all of it.
            return answer.get(options.socketTimeoutMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new IOException(e.getCause().toString(), e.getCause());
        } catch (TimeoutException e) {
            throw new IOException("no answer within " + options.socketTimeoutMillis() + " ms", e);
        } finally {
            answer.cancel(true);
        }
    }

    /** Ends a request under way, too. */
    @Override
    public void close() {
        threads.shutdownNow();
        authentication.close();
    }

    private HttpRequest request(byte[] body) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(options.endpoint())
                        .timeout(Duration.ofMillis(options.socketTimeoutMillis()))
                        .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                        .header("Content-Encoding", "snappy")
                        .header("Content-Type", "application/x-protobuf")
                        .header("X-Prometheus-Remote-Write-Version", "0.1.0")
                        .header("User-Agent", options.userAgent());
        authentication.headers("POST", options.endpoint(), body).forEach((name, value) -> {
            // The HTTP client writes it by itself, and lets nobody else do so.
            if (!name.equalsIgnoreCase("Host")) {
                request.setHeader(name, value);
            }
        });
        return request.build();
    }
}
