package flinkscenarios.opensearch;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import javax.annotation.Nullable;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

/**
 * Reads the answer to a bulk request: {@code {"errors": true, "items": [{"index": {"status": 400, "error": {"type": …,
 * "reason": …, "caused_by": {…}}}}, …]}}.
 */
final class BulkResponse {

    /** The fields of the answer that are read, as a request asks for them. */
    static final String FILTER = "errors,items.*.status,items.*.error";

    private static final ObjectMapper JSON = new ObjectMapper();

    private BulkResponse() {}

    /**
     * Returns the results of a request's actions, in their order.
     *
     * @throws IOException this is not the answer to a bulk request, or not one to so many actions
     */
    static List<ItemResult> read(byte[] answer, int actions) throws IOException {
        if (allComplete(answer)) {
            return Collections.nCopies(actions, ItemResult.SUCCESS);
        }
        JsonNode items = JSON.readTree(answer).path("items");
        if (items.size() != actions) {
            throw new IOException(String.format("%d results for %d actions", items.size(), actions));
        }
        List<ItemResult> results = new ArrayList<>(actions);
        for (JsonNode item : items) {
            results.add(result(item));
        }
        return results;
    }

    /** Returns the block that a request was refused for as a whole, or null if this is another answer. */
    @Nullable
    static ItemResult block(int status, byte[] answer) {
        try {
            JsonNode error = JSON.readTree(answer).path("error");
            return ItemResult.BLOCKS.contains(error.path("type").asText()) ? failed(false, status, error) : null;
        } catch (IOException e) {
            return null;
        }
    }

    /** Most answers start with the field that says that there are no errors; the rest need not be read then. */
    private static boolean allComplete(byte[] answer) throws IOException {
        try (JsonParser parser = JSON.createParser(answer)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException("no JSON object");
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                boolean errors = parser.getCurrentName().equals("errors");
                JsonToken value = parser.nextToken();
                if (errors) {
                    return value == JsonToken.VALUE_FALSE;
                }
                parser.skipChildren();
            }
            throw new IOException("no field 'errors'");
        }
    }

    private static ItemResult result(JsonNode item) throws IOException {
        if (item.isEmpty()) {
            throw new IOException("a result without an operation");
        }
        String operation = item.fieldNames().next();
        JsonNode result = item.get(operation);
        return result.hasNonNull("error")
                ? failed(operation.equals("delete"), result.path("status").asInt(), result.get("error"))
                : ItemResult.SUCCESS;
    }

    private static ItemResult failed(boolean deletion, int status, JsonNode error) {
        return ItemResult.failed(deletion, status, error.path("type").asText(), reason(error));
    }

    private static String reason(JsonNode error) {
        if (!error.isObject()) {
            return error.asText();
        }
        String reason = error.path("type").asText() + ": " + error.path("reason").asText();
        return error.has("caused_by") ? reason + "; caused by " + reason(error.get("caused_by")) : reason;
    }
}
