package flinkscenarios.replaysource;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TypedJsonTest {

    private final TypedJson function = new TypedJson();

    private String json(String fields, String... values) {
        byte[] object = function.eval(fields, values);
        return object == null ? "NULL" : new String(object, StandardCharsets.UTF_8);
    }

    @Test
    void anObjectHasTheFieldsInTheirOrderAndOfTheirTypes() {
        assertEquals(
                "{\"id\":7,\"fare\":14.0,\"time\":1546671042000,\"flag\":\"N\"}",
                json("id BIGINT, fare DOUBLE, time TIMESTAMP, flag STRING", "7", "14", "2019-01-05 06:50:42", "N"));
    }

    @Test
    void theFieldsMayBeOthersInTheNextCall() {
        assertEquals("{\"a\":1}", json("a BIGINT", "1"));
        assertEquals("{\"b\":\"1\"}", json("b STRING", "1"));
    }

    @Test
    void aTimeIsInTheZoneThatItsTypeNames() {
        assertEquals(
                "{\"a\":1546671042000,\"b\":1546671042000}",
                json("a TIMESTAMP America/New_York, b TIMESTAMP", "2019-01-05 01:50:42", "2019-01-05 06:50:42"));
    }

    @Test
    void anOptionalFieldIsLeftOutWhereItIsEmpty() {
        assertEquals("{\"a\":1}", json("a BIGINT, b? DOUBLE", "1", " "));
        assertEquals("{\"a\":1,\"b\":2.5}", json("a BIGINT, b? DOUBLE", "1", "2.5"));
    }

    @Test
    void aTextMayStandForAnotherWhateverItsCase() {
        String fields = "payment BIGINT CASH=2|NO CHARGE=3, flag STRING 0=N|1=Y";
        assertEquals("{\"payment\":3,\"flag\":\"Y\"}", json(fields, " No Charge ", "1"));
        assertEquals("{\"payment\":7,\"flag\":\"N\"}", json(fields, "7", "N"));
        assertEquals("NULL", json(fields, "barter", "N"));
    }

    @ParameterizedTest
    @CsvSource({
        "BIGINT, 1.0, 1",
        "BIGINT, ' -3 ', -3",
        "BIGINT, '', null",
        "BIGINT, , null",
        "DOUBLE, .5, 0.5",
        "DOUBLE, -3.25, -3.25",
        "DOUBLE, 1e3, 1000.0",
        "TIMESTAMP, 1546671042000, 1546671042000",
        "STRING, say \"so\", '\"say \\\"so\\\"\"'",
    })
    void aValueIsWrittenAsItsTypeWantsIt(String type, String value, String written) {
        assertEquals("{\"x\":" + written + "}", json("x " + type, value));
    }

    @ParameterizedTest
    @CsvSource({
        "BIGINT, 1.5",
        "BIGINT, many",
        "BIGINT, 99999999999999999999",
        "DOUBLE, NaN",
        "DOUBLE, Infinity",
        "DOUBLE, 1d",
        "DOUBLE, 1e999",
        "TIMESTAMP, soon",
    })
    void aValueThatIsNotOfItsTypeMakesNoObject(String type, String value) {
        assertEquals("NULL", json("good STRING, x " + type, "good", value));
    }

    @Test
    void whereThereIsNoLineToPassOnTheTextsAre() {
        TypedJsonOrTexts function = new TypedJsonOrTexts();
        String fields = "id BIGINT, payment BIGINT CASH=2";
        assertEquals(
                "{\"id\":7,\"payment\":2}", new String(function.eval(fields, "7.0", "cash"), StandardCharsets.UTF_8));
        assertEquals(
                "{\"id\":\"7.5\",\"payment\":null}",
                new String(function.eval(fields, "7.5", ""), StandardCharsets.UTF_8));
    }
}
