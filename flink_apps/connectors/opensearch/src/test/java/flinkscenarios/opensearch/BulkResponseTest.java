package flinkscenarios.opensearch;

import static flinkscenarios.opensearch.ItemResult.Outcome.COMPLETE;
import static flinkscenarios.opensearch.ItemResult.Outcome.FORBIDDEN;
import static flinkscenarios.opensearch.ItemResult.Outcome.REFUSED;
import static flinkscenarios.opensearch.ItemResult.Outcome.RETRYABLE;
import static org.junit.jupiter.api.Assertions.assertEquals;
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
        "index, 401, FORBIDDEN",
        "index, 403, FORBIDDEN",
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
        assertEquals(List.of(COMPLETE, RETRYABLE, COMPLETE, REFUSED, FORBIDDEN), outcomes);
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
