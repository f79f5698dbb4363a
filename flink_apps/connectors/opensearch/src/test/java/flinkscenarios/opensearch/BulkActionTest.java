package flinkscenarios.opensearch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BulkActionTest {

    private static BulkAction index(String index, String id, String line) {
        byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
        return BulkAction.index(index, id, bytes, bytes);
    }

    private static String written(BulkAction action) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        action.writeTo(body);
        return body.toString(StandardCharsets.UTF_8);
    }

    @Test
    void aDocumentFollowsItsActionByteForByte() {
        assertEquals(
                "{\"index\":{\"_index\":\"trips\",\"_id\":\"7\"}}\n{ \"ü\": 1.10 }\n",
                written(index("trips", "7", "{ \"ü\": 1.10 }")));
    }

    @Test
    void withoutAnIdOpenSearchMakesIt() {
        assertEquals("{\"index\":{\"_index\":\"trips\"}}\n{}\n", written(index("trips", null, "{}")));
    }

    @Test
    void aDeletionHasNoDocument() {
        assertEquals("{\"delete\":{\"_index\":\"trips\",\"_id\":\"7\"}}\n", written(BulkAction.delete("trips", "7")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"", "\\", "a\nb\r\t\0", "ü\u2028", "\ud83d\ude00", "\"}}\n{\"delete\":{"})
    void anyIndexAndIdArriveAsTheyAre(String name) throws Exception {
        String[] lines = written(index(name, name, "{}")).split("\n");
        assertEquals(2, lines.length);
        Map<?, ?> action = new ObjectMapper().readValue(lines[0], Map.class);
        assertEquals(Map.of("index", Map.of("_index", name, "_id", name)), action);
    }

    @Test
    void halfASurrogatePairDoesNotStopTheRequest() {
        BulkAction action = BulkAction.delete("trips", "\ud83d");
        assertEquals("{\"delete\":{\"_index\":\"trips\",\"_id\":\"?\"}}\n", written(action));
    }

    @ParameterizedTest
    @ValueSource(strings = {"7", "ü\u2028", "\"\\\n"})
    void theSizeIsThatOfTheRequest(String id) {
        for (BulkAction action :
                List.of(
                        index("trips", id, "{\"ü\":1}"),
                        index("trips", null, "{}"),
                        BulkAction.delete("trips", id))) {
            assertEquals(written(action).getBytes(StandardCharsets.UTF_8).length, action.size());
        }
    }
}
