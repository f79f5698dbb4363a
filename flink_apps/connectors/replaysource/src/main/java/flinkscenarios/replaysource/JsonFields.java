package flinkscenarios.replaysource;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;

/**
 * Reads the fields of a JSON object.
 *
 * <p>It stops at the last field that has a column: it does not check the rest of the line.
 */
final class JsonFields implements FieldReader {

    private static final JsonFactory JSON = new JsonFactory();

    private final Map<String, Integer> columns = new HashMap<>();

    JsonFields(List<String> columns) {
        columns.forEach(name -> this.columns.put(name, this.columns.size()));
    }

    @Override
    public void read(byte[] line, GenericRowData row) {
        try (JsonParser parser = JSON.createParser(line)) {
            if (parser.nextToken() == JsonToken.START_OBJECT) {
                readObject(parser, row);
            }
        } catch (IOException e) {
            columns.values().forEach(column -> row.setField(column, null));
        }
    }

    private void readObject(JsonParser parser, GenericRowData row) throws IOException {
        int missing = columns.size();
        while (missing > 0 && parser.nextToken() == JsonToken.FIELD_NAME) {
            Integer column = columns.get(parser.getCurrentName());
            JsonToken value = parser.nextToken();
            if (column == null || !value.isScalarValue()) {
                parser.skipChildren();
            } else {
                row.setField(column, value == JsonToken.VALUE_NULL ? null : StringData.fromString(parser.getText()));
                missing--;
            }
        }
    }
}
