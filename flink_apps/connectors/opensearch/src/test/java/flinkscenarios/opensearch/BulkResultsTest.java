package flinkscenarios.opensearch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.metrics.ThreadSafeSimpleCounter;
import org.apache.flink.util.FlinkRuntimeException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.opensearch.action.DocWriteRequest;
import org.opensearch.action.bulk.BulkRequest;
import org.opensearch.action.bulk.BulkResponse;
import org.opensearch.action.delete.DeleteRequest;
import org.opensearch.action.index.IndexRequest;
import org.opensearch.client.RequestOptions;
import org.opensearch.client.RestHighLevelClient;
import org.opensearch.common.xcontent.XContentType;

/** Real requests to a server that answers as it is told. */
class BulkResultsTest {

    private static final String OK = "200 ";
    private static final String CUT = "cut";
    private static final String DONE =
            ",\"_version\":1,\"result\":\"created\",\"_shards\":{\"total\":1,\"successful\":1,\"failed\":0},"
                    + "\"_seq_no\":1,\"_primary_term\":1,\"status\":201}}";
    private static final String FAILED =
            ",\"status\":%d,\"error\":{\"type\":\"t%d\",\"reason\":\"r%d\","
                    + "\"caused_by\":{\"type\":\"c\",\"reason\":\"deeper\"}}}}";

    private final Counter indexed = new SimpleCounter();
    private final Counter rejected = new SimpleCounter();
    private final Counter retried = new ThreadSafeSimpleCounter();
    private final Deque<String> answers = new ArrayDeque<>();
    private final List<String> bodies = new ArrayList<>();
    private final Map<String, String> options = new HashMap<>();
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/_bulk", this::answer);
        server.start();
        options.put("endpoint", "http://127.0.0.1:" + server.getAddress().getPort());
        options.put("authentication", "none");
        options.put("index", "trips");
        options.put("rejected.index", "rejected");
        options.put("retry.max-attempts", "3");
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        boolean gzip = "gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"));
        byte[] body = exchange.getRequestBody().readAllBytes();
        if (gzip) {
            body = new GZIPInputStream(new ByteArrayInputStream(body)).readAllBytes();
        }
        bodies.add((gzip ? "gzip " : "") + new String(body, StandardCharsets.UTF_8));
        String answer = answers.remove();
        if (answer.equals(CUT)) {
            exchange.close();
            return;
        }
        byte[] content = answer.substring(4).getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().add("Content-Type", "application/json; charset=UTF-8");
        exchange.sendResponseHeaders(Integer.parseInt(answer.substring(0, 3)), content.length);
        exchange.getResponseBody().write(content);
        exchange.close();
    }

    /** The answer to a bulk request whose items had these results: {@code index/id status}. */
    private static String items(String... results) {
        List<String> items = new ArrayList<>();
        for (String result : results) {
            String[] part = result.split("[/ ]");
            String operation = part.length > 3 ? part[3] : "index";
            String head = String.format("{\"%s\":{\"_index\":\"%s\",\"_id\":\"%s\"", operation, part[0], part[1]);
            int status = Integer.parseInt(part[2]);
            items.add(head + (status < 300 ? DONE : String.format(FAILED, status, status, status)));
        }
        return OK + "{\"took\":1,\"errors\":true,\"items\":[" + String.join(",", items) + "]}";
    }

    private static IndexRequest document(String id) {
        return new IndexRequest("trips").id(id).source("{\"n\":\"" + id + "\"}", XContentType.JSON);
    }

    /** Sends the items as the library's writer does, and settles the answer. */
    private void run(DocWriteRequest<?>... items) throws IOException {
        OpenSearchOptions read = OpenSearchOptions.from(Configuration.fromMap(options));
        RetryPolicy retries = new RetryPolicy(read.maxAttempts(), retried);
        ClientFactory clients = new ClientFactory(read, retries);
        try (RestHighLevelClient client = clients.create();
                BulkResults results = new BulkResults(read, clients, retries, indexed, rejected)) {
            BulkRequest request = new BulkRequest().add(items);
            BulkResponse response = client.bulk(request, RequestOptions.DEFAULT);
            results.inspect(request, response);
        }
        assertEquals(0, answers.size());
    }

    private static String line(String id) {
        return "{\"index\":{\"_index\":\"trips\",\"_id\":\"" + id + "\"}}\n{\"n\":\"" + id + "\"}\n";
    }

    @Test
    void onlyTheItemsThatMayPassAreSentAgainInTheirOrder() throws IOException {
        answers.add(items("trips/1 429", "trips/2 201", "trips/3 503", "trips/4 429"));
        answers.add(items("trips/1 201", "trips/3 201", "trips/4 500"));
        answers.add(items("trips/4 201"));
        run(document("1"), document("2"), document("3"), document("4"));
        assertEquals(List.of(line("1") + line("3") + line("4"), line("4")), bodies.subList(1, 3));
        assertEquals(4, indexed.getCount());
        assertEquals(2, retried.getCount());
    }

    @Test
    void anItemThatALaterOneHasReplacedIsNotSentAgain() throws IOException {
        answers.add(items("trips/1 429", "trips/2 429", "trips/1 201"));
        answers.add(items("trips/2 201"));
        run(document("1"), document("2"), document("1"));
        assertEquals(line("2"), bodies.get(1));
    }

    @Test
    void itemsThatNeverPassFailTheJob() {
        answers.add(items("trips/1 429", "trips/2 201"));
        answers.add(items("trips/1 429"));
        answers.add(items("trips/1 429"));
        Throwable failure =
                assertThrows(FlinkRuntimeException.class, () -> run(document("1"), document("2")));
        assertEquals(
                "OpenSearch at " + options.get("endpoint") + " must accept 1 documents within 3 attempts (got status"
                        + " 429 for index trips: t429: r429; caused by c: deeper); see the cluster's health and load",
                failure.getMessage());
    }

    @Test
    void refusedDocumentsAreKeptByOneRequest() throws IOException {
        answers.add(items("trips/1 400", "trips/2 201", "trips/3 404"));
        answers.add(items("rejected/x 201", "rejected/y 201"));
        run(document("1"), document("2"), document("3"));
        assertEquals(2, bodies.size());
        String kept = bodies.get(1);
        assertEquals(4, kept.lines().count());
        assertTrue(kept.contains("\"id\":\"1\""), kept);
        assertTrue(kept.contains("\"reason\":\"t400: r400; caused by c: deeper\""), kept);
        assertTrue(kept.contains("\"reason\":\"t404: r404; caused by c: deeper\""), kept);
        assertEquals(1, indexed.getCount());
        assertEquals(2, rejected.getCount());
    }

    @Test
    void aRejectionThatIsRefusedFailsTheJob() {
        answers.add(items("trips/1 400"));
        answers.add(items("rejected/x 400"));
        String message = assertThrows(FlinkRuntimeException.class, () -> run(document("1"))).getMessage();
        assertTrue(message.contains("must keep rejected documents (got status 400 for index rejected"), message);
    }

    @Test
    void anItemThatIsForbiddenFailsTheJob() {
        answers.add(items("trips/1 403"));
        String message = assertThrows(FlinkRuntimeException.class, () -> run(document("1"))).getMessage();
        assertTrue(message.contains("must let this job write (got status 403 for index trips: t403: r403"), message);
    }

    @Test
    void aDeletionInAnIndexThatIsNotThereIsDone() throws IOException {
        answers.add(items("trips/1 404 delete"));
        run(new DeleteRequest("trips", "1"));
        assertEquals(1, bodies.size());
    }

    @Test
    void aWholeRequestIsSentAgainUntilItPasses() throws IOException {
        answers.add("503 busy");
        answers.add(CUT);
        answers.add(items("trips/1 201"));
        run(document("1"));
        assertEquals(List.of(line("1"), line("1"), line("1")), bodies);
        assertEquals(2, retried.getCount());
    }

    @Test
    void aRequestThatNeverPassesFailsTheJob() {
        for (int i = 0; i < 3; i++) {
            answers.add("429 too\nbusy");
        }
        String message = assertThrows(IOException.class, () -> run(document("1"))).getMessage();
        assertTrue(message.contains("within 3 attempts (got status 429: too busy); see"), message);
    }

    @Test
    void aForbiddenRequestFailsAtOnce() {
        answers.add("403 {\"Message\":\"not authorized\"}");
        String message = assertThrows(IOException.class, () -> run(document("1"))).getMessage();
        assertTrue(message.contains("must accept bulk requests (got status 403: {\"Message\":\"not au"), message);
        assertTrue(message.contains("; allow the job's role or user to write there"), message);
    }

    @Test
    void aCompressedRequestHoldsTheSame() throws IOException {
        options.put("compression", "true");
        answers.add("503 busy");
        answers.add(items("trips/1 201"));
        run(document("1"));
        assertEquals(List.of("gzip " + line("1"), "gzip " + line("1")), bodies);
    }
}
