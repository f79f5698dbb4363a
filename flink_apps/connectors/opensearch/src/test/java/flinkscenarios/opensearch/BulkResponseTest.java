package flinkscenarios.opensearch;

import static flinkscenarios.opensearch.ItemResult.Outcome.COMPLETE;
import static flinkscenarios.opensearch.ItemResult.Outcome.REFUSED;
import static flinkscenarios.opensearch.ItemResult.Outcome.RETRYABLE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BulkResponseTest {

    private static List<ItemResult> read(String answer, int actions) throws IOException {
        return BulkResponse.read(answer.getBytes(StandardCharsets.UTF_8), actions);
    }

    private static ItemResult only(String item) throws IOException {
        return read("{\"errors\":true,\"items\":[" + item + "]}", 1).get(0);
    }

    @Test
    void withoutErrorsAllIsDone() throws IOException {
        List<ItemResult> results = read("{\"took\":1,\"more\":{\"errors\":1},\"errors\":false,\"items\":[", 3);
        assertEquals(List.of(ItemResult.SUCCESS, ItemResult.SUCCESS, ItemResult.SUCCESS), results);
    }

    @ParameterizedTest
    @CsvSource({
        "index, 400, REFUSED",
        "index, 404, REFUSED",
        "delete, 404, COMPLETE",
        "delete, 400, REFUSED",
        "index, 401, REFUSED",
        "index, 403, REFUSED",
        "index, 429, RETRYABLE",
        "index, 500, RETRYABLE",
        "delete, 503, RETRYABLE"
    })
    void theStatusOfAnErrorTellsWhatItMeans(String operation, int status, ItemResult.Outcome outcome)
            throws IOException {
        ItemResult result =
                only(String.format("{\"%s\":{\"status\":%d,\"error\":{\"type\":\"t\"}}}", operation, status));
        assertEquals(outcome, result.outcome());
        assertEquals(status, result.status());
    }

    @ParameterizedTest
    @CsvSource({
        "403, index [a] blocked by: [FORBIDDEN/5/index read-only (api)];, INDEX_BLOCKED",
        "403, index [a] blocked by: [FORBIDDEN/8/index write (api)];, INDEX_BLOCKED",
        "403, blocked by: [FORBIDDEN/8/index write (api)];, INDEX_BLOCKED",
        "403, index [a] blocked by: [FORBIDDEN/4/index closed];, INDEX_BLOCKED",
        "403, index [a] blocked by: [FORBIDDEN/13/remote index is read-only];, INDEX_BLOCKED",
        "429, 'index [a] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark];', CLUSTER_BLOCKED",
        "403, index [a] blocked by: [FORBIDDEN/12/index read-only / allow delete (api)];, CLUSTER_BLOCKED",
        "403, blocked by: [FORBIDDEN/6/cluster read-only (api)];, CLUSTER_BLOCKED",
        "403, blocked by: [FORBIDDEN/10/cluster create-index blocked (api)];, CLUSTER_BLOCKED",
        "403, blocked by: [FORBIDDEN/13/cluster read-only / allow delete (api)];, CLUSTER_BLOCKED",
        "503, blocked by: [SERVICE_UNAVAILABLE/2/no cluster manager];, CLUSTER_BLOCKED",
    })
    void theReasonOfABlockTellsWhetherItIsForOneIndex(int status, String reason, ItemResult.Outcome outcome)
            throws IOException {
        for (String type : List.of("cluster_block_exception", "index_create_block_exception")) {
            String error = String.format("{\"type\":\"%s\",\"reason\":\"%s\"}", type, reason);
            assertEquals(
                    outcome,
                    only(String.format("{\"index\":{\"status\":%d,\"error\":%s}}", status, error)).outcome());
            byte[] whole = ("{\"error\":" + error + "}").getBytes(StandardCharsets.UTF_8);
            assertEquals(outcome, BulkResponse.block(status, whole).outcome());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "<html>", "[]", "{\"Message\":\"no\"}", "{\"error\":{\"type\":\"security_exception\"}}"})
    void anyOtherAnswerIsNoBlock(String answer) {
        assertNull(BulkResponse.block(403, answer.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void theResultsAreInTheOrderOfTheActions() throws IOException {
        List<ItemResult> results =
                read(
                        "{\"items\":[{\"index\":{\"status\":201}},{\"index\":{\"status\":429,\"error\":{}}},"
                                + "{\"delete\":{\"status\":404}},{\"index\":{\"status\":400,\"error\":\"old\"}},"
                                + "{\"index\":{\"status\":403,\"error\":{}}}],\"errors\":true}",
                        5);
        List<ItemResult.Outcome> outcomes =
                List.of(
                        results.get(0).outcome(),
                        results.get(1).outcome(),
                        results.get(2).outcome(),
                        results.get(3).outcome(),
                        results.get(4).outcome());
        assertEquals(List.of(COMPLETE, RETRYABLE, COMPLETE, REFUSED, REFUSED), outcomes);
    }

    @Test
    void aReasonHasAllItsCauses() throws IOException {
        ItemResult result =
                only(
                        "{\"index\":{\"status\":400,\"error\":{\"type\":\"a\",\"reason\":\"x\",\"index\":\"trips\","
                                + "\"caused_by\":{\"type\":\"b\",\"reason\":\"y\","
                                + "\"caused_by\":{\"type\":\"c\",\"reason\":\"z\"}}}}}");
        assertEquals("a: x; caused by b: y; caused by c: z", result.reason());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{}",
                "<html>",
                "{\"errors\":true}",
                "{\"errors\":true,\"items\":[]}",
                "{\"errors\":true,\"items\":[{}]}",
                "{\"errors\":true,\"items\":[{\"index\":{\"status\":201}},{\"index\":{\"status\":201}}]}",
                "{\"errors\":true,\"items\":[{\"index\":{\"status\":201"
            })
    void whatIsNoAnswerToTheRequestIsRefused(String answer) {
        assertThrows(IOException.class, () -> read(answer, 1));
    }
}
