package flinkscenarios.replaysource;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.table.data.GenericRowData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FieldReaderTest {

    private static final List<String> COLUMNS = List.of("time", "id");

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static List<String> read(FieldReader fields, String line) {
        GenericRowData row = new GenericRowData(COLUMNS.size());
        fields.read(bytes(line), row);
        List<String> values = new ArrayList<>();
        for (int column = 0; column < COLUMNS.size(); column++) {
            values.add(row.isNullAt(column) ? "NULL" : row.getString(column).toString());
        }
        return values;
    }

    private static List<String> json(String line) {
        return read(new JsonFields(COLUMNS), line);
    }

    private static List<String> csv(String header, String line) {
        try {
            return read(new CsvFields(bytes(header), new FileColumns(COLUMNS, Map.of(), List.of())), line);
        } catch (MissingColumnsException e) {
            throw new AssertionError("no column is needed", e);
        }
    }

    @Test
    void theFieldsOfAnObjectAreReadAsText() {
        assertEquals(List.of("12", "a"), json("{\"time\":12,\"id\":\"a\"}"));
        assertEquals(List.of("1.50", "true"), json(" {\"id\" : true, \"other\": {\"time\": [1, 2]}, \"time\": 1.50}"));
    }

    @Test
    void aFieldThatIsMissingOrNullOrNoScalarIsNull() {
        assertEquals(List.of("12", "NULL"), json("{\"time\":12}"));
        assertEquals(List.of("12", "NULL"), json("{\"id\":null,\"time\":12}"));
        assertEquals(List.of("12", "NULL"), json("{\"id\":{\"time\":7},\"time\":12}"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"time\":12", "{\"time\":12,\"id\":}", "{\"time\":12 \"id\":1}", "not JSON", "[12]", "12", "\u0000"
            })
    void aLineThatIsNoObjectHasNoFields(String line) {
        assertEquals(List.of("NULL", "NULL"), json(line));
    }

    @Test
    void theFieldsOfACsvLineAreFoundByTheHeader() {
        assertEquals(List.of("12", "a"), csv("id,other,time", "a,b,12"));
        assertEquals(List.of("12", "a"), csv("Time, ID ,other", "12,a,"));
        assertEquals(List.of("12", ""), csv("time,id", "12,"));
    }

    @Test
    void aColumnThatTheHeaderDoesNotNameIsNull() {
        assertEquals(List.of("12", "NULL"), csv("time,other", "12,b"));
    }

    @Test
    void aQuotedFieldMayHoldCommasAndQuotes() {
        assertEquals(List.of("1,2", "say \"so\""), csv("time,id", "\"1,2\",\"say \"\"so\"\"\""));
        assertEquals(List.of("12", ""), csv("\"time\",\"id\"", "12,\"\""));
        assertEquals(List.of("1,2", "a"), csv("time, \"id\"", " \"1,2\" , \"a\""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"12,a,", "12,a,,", "12,a, ,\"\""})
    void blankFieldsBehindThoseOfTheHeaderAreIgnored(String line) {
        assertEquals(List.of("12", "a"), csv("time,id", line));
    }

    @ParameterizedTest
    @ValueSource(strings = {"12", "12,a,b", "\"12,a", "\"12\"x,a", "12,\"a\"\"", ""})
    void aLineWithOtherFieldsThanTheHeaderHasNone(String line) {
        assertEquals(List.of("NULL", "NULL"), csv("time,id", line));
    }
}
