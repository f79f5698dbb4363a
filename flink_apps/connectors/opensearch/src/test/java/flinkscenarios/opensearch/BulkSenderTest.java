package flinkscenarios.opensearch;

import static flinkscenarios.opensearch.BulkServer.CUT;
import static flinkscenarios.opensearch.BulkServer.items;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import flinkscenarios.http.RequestFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Real requests to a server that answers as it is told. */
class BulkSenderTest {

    private final SinkMetrics metrics = new SinkMetrics(UnregisteredMetricsGroup.createSinkWriterMetricGroup());
    private final Map<String, String> options = new HashMap<>();
    private BulkServer server;

    @BeforeEach
    void start() throws IOException {
        server = new BulkServer();
        options.put("endpoint", server.endpoint());
        options.put("authentication", "none");
        options.put("index", "trips");
        options.put("rejected.index", "rejected");
        options.put("retry.max-attempts", "3");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private static BulkAction document(String id) {
        byte[] document = ("{\"n\":\"" + id + "\"}").getBytes(StandardCharsets.UTF_8);
        return BulkAction.index("trips", id, document, document);
    }

    private static String line(String id) {
        return "{\"index\":{\"_index\":\"trips\",\"_id\":\"" + id + "\"}}\n{\"n\":\"" + id + "\"}\n";
    }

    private void send(BulkAction... actions) throws IOException, InterruptedException {
        OpenSearchOptions read = OpenSearchOptions.from(Configuration.fromMap(options));
        try (BulkClient client = new BulkClient(read)) {
            new BulkSender(read, client, metrics).send(List.of(actions));
        }
        assertEquals(0, server.answersLeft());
    }

    private String failure(BulkAction... actions) {
        return assertThrows(RequestFailure.class, () -> send(actions)).getMessage();
    }

    @Test
    void onlyTheActionsThatMayPassAreSentAgainInTheirOrder() throws Exception {
        server.answer(items("429", "201", "503", "429"));
        server.answer(items("201", "201", "500"));
        server.answer(items("201"));
        send(document("1"), document("2"), document("3"), document("4"));
        assertEquals(List.of(line("1") + line("3") + line("4"), line("4")), server.bodies().subList(1, 3));
        assertEquals(4, metrics.indexed().getCount());
        assertEquals(2, metrics.retries().getCount());
    }

    @Test
    void anActionThatALaterOneHasReplacedIsNotSentAgain() throws Exception {
        server.answer(items("429", "429", "201"));
        server.answer(items("201"));
        send(document("1"), document("2"), document("1"));
        assertEquals(line("2"), server.bodies().get(1));
    }

    @Test
    void anActionIsSentAgainThoughALaterOneOfItsDocumentIsRefused() throws Exception {
        server.answer(items("429", "400"));
        server.answer(items("201"));
        send(document("1"), document("1"));
        assertEquals(line("1"), server.bodies().get(1));
    }

    @Test
    void actionsThatNeverPassFailTheJob() {
        server.answer(items("429", "201"));
        server.answer(items("429"));
        server.answer(items("429"));
        assertEquals(
                "OpenSearch at " + server.endpoint() + " must accept a bulk request within 3 attempts (got status 429"
                        + " for index trips: t429: r429; caused by c: deeper); see the cluster's health and load, and"
                        + " whether it can be reached from here",
                failure(document("1"), document("2")));
    }

    @Test
    void refusedDocumentsAreKeptByOneRequest() throws Exception {
        server.answer(items("400", "201", "404"));
        send(document("1"), document("2"), document("3"));
        assertEquals(2, server.bodies().size());
        String kept = server.bodies().get(1);
        assertEquals(4, kept.lines().count());
        assertTrue(kept.contains("\"id\":\"1\""), kept);
        assertTrue(kept.contains("\"reason\":\"t400: r400; caused by c: deeper\""), kept);
        assertTrue(kept.contains("\"reason\":\"t404: r404; caused by c: deeper\""), kept);
        assertEquals(1, metrics.indexed().getCount());
        assertEquals(2, metrics.rejected().getCount());
    }

    @Test
    void aRejectionThatIsRefusedFailsTheJob() {
        server.answer(items("400"));
        server.answer(items("400"));
        String message = failure(document("1"));
        assertTrue(message.contains("must keep rejected documents (got status 400 for index rejected: t"), message);
    }

    @Test
    void anActionThatIsForbiddenFailsTheJob() {
        server.answer(items("403"));
        String message = failure(document("1"));
        assertTrue(message.contains("must let this job write (got status 403 for index trips: t403: r403"), message);
    }

    @Test
    void aDeletionInAnIndexThatIsNotThereIsDone() throws Exception {
        server.answer(items("404 delete"));
        send(BulkAction.delete("trips", "1"));
        assertEquals(List.of("{\"delete\":{\"_index\":\"trips\",\"_id\":\"1\"}}\n"), server.bodies());
    }

    @Test
    void aWholeRequestIsSentAgainUntilItPasses() throws Exception {
        server.answer("503 busy");
        server.answer(CUT);
        send(document("1"));
        assertEquals(List.of(line("1"), line("1"), line("1")), server.bodies());
        assertEquals(1, metrics.indexed().getCount());
        assertEquals(2, metrics.retries().getCount());
    }

    @Test
    void aRequestThatNeverPassesFailsTheJob() {
        for (int i = 0; i < 3; i++) {
            server.answer("429 too\nbusy");
        }
        String message = failure(document("1"));
        assertTrue(message.contains("within 3 attempts (got status 429: too busy); see"), message);
    }

    @Test
    void aForbiddenRequestFailsAtOnce() {
        server.answer("403 {\"Message\":\"not authorized\"}");
        String message = failure(document("1"));
        assertTrue(message.contains("must accept bulk requests (got status 403: {\"Message\":\"not au"), message);
        assertTrue(message.contains("; allow the job's role or user to write there"), message);
    }

    @Test
    void anAnswerThatIsNotThatOfABulkRequestFailsAtOnce() {
        server.answer("200 <html>\nWelcome</html>");
        String message = failure(document("1"));
        assertTrue(message.contains("must answer for each action of a bulk request (got "), message);
        assertTrue(message.endsWith("<html> Welcome</html>); check that 'endpoint' is an OpenSearch cluster"), message);
    }

    @Test
    void aSilentServerIsTriedAgain() throws Exception {
        options.put("socket.timeout", "200 ms");
        server.answer(BulkServer.NEVER);
        send(document("1"));
        assertEquals(2, server.bodies().size());
    }

    @Test
    void aCompressedRequestHoldsTheSame() throws Exception {
        options.put("compression", "true");
        server.answer("503 busy");
        send(document("1"));
        assertEquals(List.of("gzip " + line("1"), "gzip " + line("1")), server.bodies());
    }
}
