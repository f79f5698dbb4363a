package flinkscenarios.prometheus;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Takes remote write requests, and answers as it is told. */
final class WriteServer implements AutoCloseable {

    /** Ends the connection instead of an answer. */
    static final String CUT = "cut";

    /** Ends the connection in the middle of an answer. */
    static final String CUT_SHORT = "cut short";

    /** Answers once the server is closed. */
    static final String NEVER = "never";

    /** Sends the head of an answer, and the rest once the server is closed. */
    static final String NEVER_ALL = "never all";

    static final String TAKEN = "204";

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Queue<String> answers = new ConcurrentLinkedQueue<>();
    private final List<List<String>> requests = new CopyOnWriteArrayList<>();
    private final List<Headers> headers = new CopyOnWriteArrayList<>();
    private final Set<Integer> clientPorts = new ConcurrentSkipListSet<>();
    private volatile String refused = "";

    WriteServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/api/v1/write", this::handle);
        server.start();
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/api/v1/write";
    }

    /** The next answers: a status and a text, or one of the constants; after the last one all is taken. */
    void answer(String... next) {
        answers.addAll(List.of(next));
    }

    /** Refuses every request with a sample of a metric. */
    void refuse(String metric) {
        refused = metric;
    }

    /** The metrics of each request so far. */
    List<String> names() {
        return requests.stream()
                .map(samples -> samples.stream().map(WriteServer::name).collect(Collectors.joining(" ")))
                .collect(Collectors.toList());
    }

    private static String name(String sample) {
        return sample.substring(sample.indexOf('"') + 1, sample.lastIndexOf('"'));
    }

    /** The samples of each request so far. */
    List<List<String>> requests() {
        return requests;
    }

    /** The headers of each request so far. */
    List<Headers> headers() {
        return headers;
    }

    /** How many connections there were. */
    int connections() {
        return clientPorts.size();
    }

    @Override
    public void close() {
        threads.shutdownNow();
        server.stop(0);
    }

    private void handle(HttpExchange exchange) throws IOException {
        headers.add(exchange.getRequestHeaders());
        clientPorts.add(exchange.getRemoteAddress().getPort());
        List<String> samples = WriteRequests.read(exchange.getRequestBody().readAllBytes());
        requests.add(samples);
        String otherwise = samples.stream().anyMatch(sample -> name(sample).equals(refused)) ? "400" : TAKEN;
        String answer = answers.isEmpty() ? otherwise : answers.remove();
        try {
            switch (answer) {
                case CUT:
                    return;
                case NEVER:
                    sleep();
                    return;
                case CUT_SHORT:
                case NEVER_ALL:
                    exchange.sendResponseHeaders(200, 100);
                    exchange.getResponseBody().write('{');
                    exchange.getResponseBody().flush();
                    if (answer.equals(NEVER_ALL)) {
                        sleep();
                    }
                    return;
                default:
                    byte[] content = answer.substring(3).getBytes(StandardCharsets.UTF_8);
                    exchange.sendResponseHeaders(
                            Integer.parseInt(answer.substring(0, 3)), content.length == 0 ? -1 : content.length);
                    exchange.getResponseBody().write(content);
            }
        } finally {
            exchange.close();
        }
    }

    private static void sleep() {
        try {
            Thread.sleep(TimeUnit.MINUTES.toMillis(10));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
