package flinkscenarios.opensearch;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;

/** Takes bulk requests, and answers as it is told. */
final class BulkServer implements AutoCloseable {

    /** Ends the connection instead of an answer. */
    static final String CUT = "cut";

    /** All is done. */
    static final String DONE = "200 {\"errors\":false}";

    /** Answers once the server is closed. */
    static final String NEVER = "never";

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Queue<String> answers = new ConcurrentLinkedQueue<>();
    private final List<String> bodies = new CopyOnWriteArrayList<>();

    BulkServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/_bulk", this::handle);
        server.start();
    }

    String endpoint() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** The next answer: a status and the text, or one of the constants; after the last one all is done. */
    void answer(String answer) {
        answers.add(answer);
    }

    /** The requests so far; a compressed one begins with gzip. */
    List<String> bodies() {
        return bodies;
    }

    int answersLeft() {
        return answers.size();
    }

    @Override
    public void close() {
        threads.shutdownNow();
        server.stop(0);
    }

    /**
     * The answer to a bulk request whose items had these results: {@code status}, {@code status delete}, or
     * {@code status [block]}.
     */
    static String items(String... results) {
        List<String> items = new ArrayList<>();
        for (String result : results) {
            String[] part = result.split(" ", 2);
            boolean block = part.length > 1 && part[1].startsWith("[");
            String operation = part.length > 1 && !block ? part[1] : "index";
            int status = Integer.parseInt(part[0]);
            String error =
                    status < 300
                            ? ""
                            : block
                            ? ",\"error\":{\"type\":\"cluster_block_exception\",\"reason\":\"blocked by: "
                                    + part[1] + ";\"}"
                            : String.format(
                                    ",\"error\":{\"type\":\"t%d\",\"reason\":\"r%d\","
                                            + "\"caused_by\":{\"type\":\"c\",\"reason\":\"deeper\"}}",
                                    status, status);
            items.add(String.format("{\"%s\":{\"status\":%d%s}}", operation, status, error));
        }
        return "200 {\"errors\":true,\"items\":[" + String.join(",", items) + "]}";
    }

    private void handle(HttpExchange exchange) throws IOException {
        boolean gzip = "gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"));
        byte[] body = exchange.getRequestBody().readAllBytes();
        if (gzip) {
            body = new GZIPInputStream(new ByteArrayInputStream(body)).readAllBytes();
        }
        bodies.add((gzip ? "gzip " : "") + new String(body, StandardCharsets.UTF_8));
        String answer = answers.isEmpty() ? DONE : answers.remove();
        try {
            if (answer.equals(NEVER)) {
                Thread.sleep(TimeUnit.MINUTES.toMillis(10));
            }
        } catch (InterruptedException e) {
            answer = CUT;
        }
        if (!answer.equals(CUT)) {
            byte[] content = answer.substring(4).getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(Integer.parseInt(answer.substring(0, 3)), content.length);
            exchange.getResponseBody().write(content);
        }
        exchange.close();
    }
}
