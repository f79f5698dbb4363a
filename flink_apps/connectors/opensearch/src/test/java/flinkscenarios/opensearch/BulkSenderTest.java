package flinkscenarios.opensearch;

import static flinkscenarios.opensearch.BulkServer.CUT;
import static flinkscenarios.opensearch.BulkServer.items;
import static java.util.stream.Collectors.toList;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import flinkscenarios.http.RequestFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real requests to a server that answers as it is told. */
class BulkSenderTest {

    private static final Pattern REJECTED = Pattern.compile("^\\{\"index\":\"trips\",\"id\":\"([^\"]*)\"");

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

    /** The ids of the documents that were sent to the index of the rejected ones. */
    private List<String> rejectedIds() {
        return server.bodies().stream()
                .flatMap(String::lines)
                .map(REJECTED::matcher)
                .filter(Matcher::find)
                .map(found -> found.group(1))
                .collect(toList());
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
    void anActionThatIsForbiddenIsRefusedAndTheOthersGoOn() throws Exception {
        server.answer(items("403", "201"));
        send(document("1"), document("2"));
        assertEquals(List.of("1"), rejectedIds());
        assertEquals(1, metrics.indexed().getCount());
        assertEquals(1, metrics.rejected().getCount());
    }

    @Test
    void whereTheRejectedIndexIsForbiddenTooTheJobFailsWithItsName() {
        server.answer(items("403"));
        server.answer(items("403"));
        String message = failure(document("1"));
        assertTrue(message.contains("must keep rejected documents (got status 403 for index rejected: t403"), message);
        assertTrue(message.endsWith("; allow the job's role or user to write there"), message);
    }

    @Test
    void anIndexThatSomebodyBlockedHoldsUpNoOther() throws Exception {
        server.answer(items("403 [FORBIDDEN/8/index write (api)]", "201", "403 [FORBIDDEN/5/index read-only (api)]"));
        send(document("1"), document("2"), document("3"));
        assertEquals(List.of("1", "3"), rejectedIds());
        assertTrue(server.bodies().get(1).contains("cluster_block_exception: blocked by: [FORBIDDEN/8/index write"));
        assertEquals(0, metrics.blocked().getCount());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "429 [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark]",
                "403 [FORBIDDEN/10/cluster create-index blocked (api)]",
                "403 [FORBIDDEN/6/cluster read-only (api)]"
            })
    void aBlockOfTheClusterIsWaitedForBeyondTheAttempts(String block) throws Exception {
        server.answer(items("201", block, block));
        for (int i = 0; i < 4; i++) {
            server.answer(items(block, block));
        }
        server.answer(items("201", block));
        send(document("1"), document("2"), document("3"));
        assertEquals(line("2") + line("3"), server.bodies().get(5));
        assertEquals(line("3"), server.bodies().get(6));
        assertEquals(3, metrics.indexed().getCount());
        assertEquals(6, metrics.blocked().getCount());
        assertEquals(0, metrics.rejected().getCount());
    }

    @Test
    void aRequestThatTheClusterBlocksAsAWholeWaits() throws Exception {
        String whole =
                "403 {\"error\":{\"type\":\"cluster_block_exception\",\"reason\":\"blocked by:"
                        + " [FORBIDDEN/6/cluster read-only (api)];\"},\"status\":403}";
        for (int i = 0; i < 4; i++) {
            server.answer(whole);
        }
        send(document("1"), document("2"));
        assertEquals(line("1") + line("2"), server.bodies().get(4));
        assertEquals(2, metrics.indexed().getCount());
    }

    @Test
    void whereTheRejectedIndexIsBlockedTooTheDocumentsAreTriedAgainInTheirOwnIndices() throws Exception {
        String block = "403 [FORBIDDEN/8/index write (api)]";
        server.answer(items(block, "400", block));
        server.answer(items(block, block, block));
        server.answer(items("201", "201", block));
        send(document("1"), document("2"), document("3"));
        String again = server.bodies().get(2);
        assertTrue(again.startsWith(line("1")) && again.endsWith(line("3")), again);
        assertEquals(List.of("1", "2", "3", "2", "3"), rejectedIds());
        assertEquals(1, metrics.indexed().getCount());
        assertEquals(2, metrics.rejected().getCount());
        assertEquals(1, metrics.blocked().getCount());
    }

    @Test
    void documentsThatAreTriedAgainAfterABlockKeepTheirOrder() throws Exception {
        String block = "403 [FORBIDDEN/8/index write (api)]";
        BulkAction later = BulkAction.delete("trips", "1");
        server.answer(items(block, block));
        server.answer(items(block, block));
        send(document("1"), later);
        assertEquals(line("1") + "{\"delete\":{\"_index\":\"trips\",\"_id\":\"1\"}}\n", server.bodies().get(2));
    }

    @Test
    void aDocumentThatALaterActionHasReplacedIsNotTriedAgain() throws Exception {
        String block = "403 [FORBIDDEN/8/index write (api)]";
        server.answer(items(block, "201"));
        server.answer(items(block));
        send(document("1"), document("1"));
        assertEquals(3, server.bodies().size());
        assertEquals(List.of("1", "1"), rejectedIds());
    }

    @Test
    void rejectionsGoInRequestsOfTheSameLimit() throws Exception {
        options.put("bulk.max-size", "1 mb");
        byte[] large = ("{\"n\":\"" + "x".repeat(200_000) + "\"}").getBytes(StandardCharsets.UTF_8);
        BulkAction action = BulkAction.index("trips", "1", large, large);
        server.answer(items("400", "400", "400", "400"));
        send(action, action, action, action);
        List<Integer> sizes = server.bodies().stream().map(String::length).collect(toList());
        assertEquals(3, sizes.size());
        assertTrue(sizes.stream().allMatch(size -> size <= 1 << 20), sizes.toString());
        assertEquals(4, metrics.rejected().getCount());
    }

    @Test
    void rejectionsAreNotMoreThanTheActionsOfARequest() throws Exception {
        options.put("bulk.max-actions", "2");
        server.answer(items("400", "400", "400"));
        send(document("1"), document("2"), document("3"));
        assertEquals(List.of(6L, 4L, 2L), server.bodies().stream().map(body -> body.lines().count()).collect(toList()));
    }

    @Test
    void aRequestThatIsTooLargeIsSentInHalves() throws Exception {
        server.answer("413 ");
        server.answer("413 ");
        send(document("1"), document("2"), document("3"), document("4"));
        assertEquals(
                List.of(line("1") + line("2"), line("1"), line("2"), line("3") + line("4")),
                server.bodies().subList(1, 5));
        assertEquals(4, metrics.indexed().getCount());
        assertEquals(2, metrics.retries().getCount());
    }

    @Test
    void onlyWhatIsLeftOfARequestIsSentInHalves() throws Exception {
        server.answer(items("201", "429", "429"));
        server.answer("413 ");
        send(document("1"), document("2"), document("3"));
        assertEquals(List.of(line("2"), line("3")), server.bodies().subList(2, 4));
        assertEquals(3, metrics.indexed().getCount());
    }

    @Test
    void aDocumentThatIsTooLargeByItselfIsRefused() throws Exception {
        server.answer("413 {\"Message\":\"Request size exceeded 10485760 bytes\"}");
        send(document("1"));
        assertEquals(List.of("1"), rejectedIds());
        String kept = server.bodies().get(1);
        assertTrue(kept.contains("\"reason\":\"too_large: status 413: {\\\"Message\\\":"), kept);
        assertTrue(kept.contains("\"document\":\"{\\\"n\\\":\\\"1\\\"}\""), kept);
    }

    @Test
    void aRejectedDocumentThatIsTooLargeIsShortened() throws Exception {
        server.answer("413 ");
        server.answer("413 ");
        server.answer("413 ");
        send(document("12345"));
        String kept = server.bodies().get(3);
        assertTrue(kept.contains("\"reason\":\"too_large: status 413; only the first 3 of 13 bytes are kept\""), kept);
        assertEquals(1, metrics.rejected().getCount());
    }

    @Test
    void whereNotEvenAnEmptyRejectedDocumentIsTakenTheJobFails() {
        for (int i = 0; i < 6; i++) {
            server.answer("413 ");
        }
        String message = failure(document("1"));
        assertTrue(message.contains("must accept bulk requests (got status 413); use an instance type"), message);
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
