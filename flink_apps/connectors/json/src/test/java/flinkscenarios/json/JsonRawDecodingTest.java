package flinkscenarios.json;

import static flinkscenarios.json.TestFormats.schema;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.util.InstantiationUtil;
import org.apache.flink.util.StringUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonRawDecodingTest {

    private static final ResolvedSchema TRIPS =
            schema(
                    "id", DataTypes.BIGINT(),
                    "riders", DataTypes.INT(),
                    "zone", DataTypes.SMALLINT(),
                    "fare", DataTypes.DOUBLE(),
                    "type", DataTypes.STRING(),
                    "paid", DataTypes.BOOLEAN(),
                    "raw", DataTypes.BYTES(),
                    "error", DataTypes.STRING());

    private static final String TRIP =
            "{\"id\":7,\"riders\":2,\"zone\":132,\"fare\":14.5,\"type\":\"yellow\",\"paid\":true}";

    private static RowData decode(ResolvedSchema schema, byte[] message) throws Exception {
        return TestFormats.decoder(schema).deserialize(message);
    }

    private static RowData decode(String message) throws Exception {
        return decode(TRIPS, message.getBytes(UTF_8));
    }

    private static RowData row(byte[] message, Object... columns) {
        GenericRowData row = new GenericRowData(8);
        for (int i = 0; i < columns.length; i++) {
            row.setField(i, columns[i]);
        }
        row.setField(6, message);
        return row;
    }

    private static RowData good(String message) {
        return row(message.getBytes(UTF_8), 7L, 2, (short) 132, 14.5, StringData.fromString("yellow"), true);
    }

    private static RowData bad(byte[] message, String reason) {
        GenericRowData row = (GenericRowData) row(message);
        row.setField(7, StringData.fromString(reason));
        return row;
    }

    /** One column {@code x}, and the value that it gets from a text; the reason when it gets none. */
    private static Object value(DataType type, String text) throws Exception {
        ResolvedSchema schema = schema("x", type, "raw", DataTypes.BYTES(), "error", DataTypes.STRING());
        GenericRowData row = (GenericRowData) decode(schema, ("{\"x\":" + text + "}").getBytes(UTF_8));
        assertTrue(row.isNullAt(0) != row.isNullAt(2), "a row has either its columns or a reason");
        return row.isNullAt(2) ? row.getField(0) : row.getField(2).toString();
    }

    @Test
    void aGoodRecordHasItsColumnsAndItsBytes() throws Exception {
        assertEquals(good(TRIP), decode(TRIP));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                " \t\r\n{ \"id\" : 7 ,\n\"riders\":2,\"zone\":132,\"fare\":14.5,\"type\":\"yellow\",\"paid\":true } ",
                "{\"paid\":true,\"type\":\"yellow\",\"fare\":14.5,\"zone\":132,\"riders\":2,\"id\":7}",
                "{\"id\":7,\"new\":[{},[],{\"id\":[1,-2.5e+3]},null,\"\\u20ac\"],\"riders\":2,"
                        + "\"zone\":132,\"fare\":1.45E1,\"type\":\"yellow\",\"paid\":true,\"Id\":false}",
                "{\"\\u0069d\":7,\"riders\":2,\"zone\":132,\"fare\":1450e-2,"
                        + "\"t\\u0079pe\":\"y\\u0065llow\",\"paid\":true}",
            })
    void orderWhiteSpaceEscapesAndOtherFieldsMakeNoDifference(String message) throws Exception {
        assertEquals(good(message), decode(message));
    }

    @Test
    void recordsOfAnotherOrderInBetweenMakeNoDifference() throws Exception {
        DeserializationSchema<RowData> decoder = TestFormats.decoder(TRIPS);
        String other = "{\"paid\":true,\"x\":0,\"fare\":14.5,\"type\":\"yellow\",\"zone\":132,\"id\":7,\"riders\":2}";
        for (String message : new String[] {TRIP, other, "{\"id\":7", other, TRIP, "[]", TRIP, other}) {
            assertEquals(decode(message), decoder.deserialize(message.getBytes(UTF_8)));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`   ` | not JSON: ends too early",
                "hello | not JSON: unexpected character at byte 0",
                "{ | not JSON: ends too early",
                "{\"id\":7, | not JSON: ends too early",
                "{\"id\":7,} | not JSON: unexpected character at byte 8",
                "{\"id\" 7} | not JSON: unexpected character at byte 6",
                "{\"id\":7 \"riders\":2} | not JSON: unexpected character at byte 8",
                "{\"id\":7] | not JSON: unexpected character at byte 7",
                "{id:7} | not JSON: unexpected character at byte 1",
                "{'id':7} | not JSON: unexpected character at byte 1",
                "{\"id\":07} | not JSON: unexpected character at byte 7",
                "{\"id\":+7} | not JSON: unexpected character at byte 6",
                "{\"id\":-} | not JSON: unexpected character at byte 7",
                "{\"id\":7.} | not JSON: unexpected character at byte 8",
                "{\"id\":7e} | not JSON: unexpected character at byte 8",
                "{\"fare\":NaN} | not JSON: unexpected character at byte 8",
                "{\"fare\":.5} | not JSON: unexpected character at byte 8",
                "{\"paid\":True} | not JSON: unexpected character at byte 8",
                "{\"paid\":tru} | not JSON: unexpected character at byte 8",
                "{\"new\":nul} | not JSON: unexpected character at byte 7",
                "{\"new\":[1,]} | not JSON: unexpected character at byte 10",
                "{\"new\":\"\\x\"} | not JSON: unexpected character at byte 9",
                "{\"new\":\"\\u12g4\"} | not JSON: unexpected character at byte 12",
                "{\"new\":\"\\ud83d\"} | not JSON: invalid Unicode at byte 8",
                "{\"new\":\"\\ude00\"} | not JSON: invalid Unicode at byte 8",
                "{\"new\":\"a | not JSON: ends too early",
                "{\"new\":/**/1} | not JSON: unexpected character at byte 7",
                "[{}] | not a JSON object",
                "null | not a JSON object",
                "\"{}\" | not a JSON object",
                "-1.5 | not a JSON object",
                "[{] | not JSON: unexpected character at byte 2",
                "{\"new\":[[}]} | not JSON: unexpected character at byte 9",
                "{} | missing field: id",
                "{\"riders\":2,\"id\":7} | missing field: zone",
                "{\"ID\":7} | missing field: id",
                "{} {} | not JSON: trailing content at byte 3",
                "{}, | not JSON: trailing content at byte 2",
                "[] 1 | not JSON: trailing content at byte 3",
                "{\"id\":7,\"id\":7} | duplicate field: id",
                "{\"id\":7,\"\\u0069d\":8} | duplicate field: id",
                "{\"id\":null} | wrong type: id must be an integer",
                "{\"id\":\"7\"} | wrong type: id must be an integer",
                "{\"id\":{} | wrong type: id must be an integer",
                "{\"id\":{ | not JSON: ends too early",
            })
    void aBadRecordHasItsBytesAndTheFirstReason(String message, String reason) throws Exception {
        assertEquals(bad(message.getBytes(UTF_8), reason), decode(message));
    }

    @ParameterizedTest
    @CsvSource({
        "7f80, 7", // a byte that only continues
        "7fc3, 7", // no second byte
        "7fc328, 7", // a second byte that does not continue
        "c080, 6", // zero in two bytes
        "e08080, 6", // zero in three
        "f0808080, 6", // zero in four
        "eda080, 6", // a surrogate
        "f4908080, 6", // beyond the last character
        "f8808080, 6", // no such length
        "ff, 6",
    })
    void textThatIsNotUtf8IsRefused(String hex, int position) throws Exception {
        String text = new String(StringUtils.hexStringToByte(hex), ISO_8859_1);
        byte[] message = ("{\"n\":\"" + text + "\"}").getBytes(ISO_8859_1);
        assertEquals(bad(message, "not JSON: invalid Unicode at byte " + position), decode(TRIPS, message));
    }

    @Test
    void aControlCharacterInAStringIsRefused() throws Exception {
        assertEquals("not JSON: unexpected character at byte 6", value(DataTypes.STRING(), "\"\n\""));
        assertEquals("not JSON: unexpected character at byte 6", value(DataTypes.STRING(), "\"\0\""));
    }

    @Test
    void nestingEndsAtFiveHundredLevels() throws Exception {
        String inside = "{\"x\":[".repeat(249) + "]}".repeat(249);
        assertEquals("missing field: id", decode("{\"a\":[[" + inside + "]]}").getString(7).toString());
        String deeper = "[".repeat(100_000);
        assertEquals("not JSON: nested too deeply at byte 505", decode("{\"a\":" + deeper).getString(7).toString());
    }

    @Test
    void anIntegerOfAnyLengthIsReadAtOnce() throws Exception {
        String zeros = "0".repeat(1_000_000);
        assertEquals("out of range: x must be a BIGINT", value(DataTypes.BIGINT(), "1" + zeros).toString());
        assertEquals("out of range: x must be a BIGINT", value(DataTypes.BIGINT(), "1." + zeros).toString());
    }

    @Test
    void aByteOrderMarkIsSkipped() throws Exception {
        assertEquals("missing field: id", decode("\ufeff{}").getString(7).toString());
        assertEquals("not JSON: unexpected character at byte 3", decode("\ufeff\ufeff{}").getString(7).toString());
    }

    @Test
    void aMessageWithoutBytesIsBadAndEmpty() throws Exception {
        assertEquals(bad(new byte[0], "empty message"), decode(TRIPS, new byte[0]));
        assertEquals(bad(new byte[0], "no message"), decode(TRIPS, null));
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "-0, 0",
        "9223372036854775807, 9223372036854775807",
        "-9223372036854775808, -9223372036854775808",
        "9223372036854775808, out of range: x must be a BIGINT",
        "-9223372036854775809, out of range: x must be a BIGINT",
        "18446744073709551616, out of range: x must be a BIGINT",
        "100000000000000000000, out of range: x must be a BIGINT",
        "1.0, 1",
        "-99.000, -99",
        "1e3, 1000",
        "1.5e1, 15",
        "0e99999999999999999999, out of range: x must be a BIGINT",
        "9223372036854775807.0, 9223372036854775807",
        "9223372036854775808.0, out of range: x must be a BIGINT",
        "1e2147483647, out of range: x must be a BIGINT",
        "1.5, wrong type: x must be an integer",
        "1e-1, wrong type: x must be an integer",
        "0.1e0, wrong type: x must be an integer",
        "true, wrong type: x must be an integer",
    })
    void aBigintIsAnIntegerInItsRange(String text, String value) throws Exception {
        assertEquals(value, value(DataTypes.BIGINT(), text).toString());
    }

    @ParameterizedTest
    @CsvSource({
        "2147483647, 2147483647",
        "-2147483648, -2147483648",
        "2147483648, out of range: x must be an INT",
        "-2147483649, out of range: x must be an INT",
    })
    void anIntIsAnIntegerInItsRange(String text, String value) throws Exception {
        assertEquals(value, value(DataTypes.INT(), text).toString());
    }

    @ParameterizedTest
    @CsvSource({
        "32767, 32767",
        "-32768, -32768",
        "32768, out of range: x must be a SMALLINT",
        "-32769, out of range: x must be a SMALLINT",
    })
    void aSmallintIsAnIntegerInItsRange(String text, String value) throws Exception {
        assertEquals(value, value(DataTypes.SMALLINT(), text).toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0", "-0", "-0.0", "0.1", "1e22", "14.0", "-3.72", "123456789012345", "1234567890123456", "0.3", "1E-3",
                "9007199254740993", "0.000000000000001", "0.0000000000000001", "123456789.0123456789", "4.9e-324",
                "1e-400",
                "1.7976931348623157e308", "2.2250738585072012e-308", "100000000000000000000000000000000000000000",
            })
    void aDoubleIsTheNearestToTheNumber(String text) throws Exception {
        assertEquals(Double.valueOf(text), value(DataTypes.DOUBLE(), text));
    }

    @ParameterizedTest
    @CsvSource({
        "1e309, out of range: x must be a finite DOUBLE",
        "-1e99999999999, out of range: x must be a finite DOUBLE",
        "\"\"\"1\"\"\", wrong type: x must be a number",
        "null, wrong type: x must be a number",
    })
    void otherDoublesAreRefused(String text, String reason) throws Exception {
        assertEquals(reason, value(DataTypes.DOUBLE(), text));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"\" | ``",
                "\"N\" | N",
                "\"Zürich €😀\" | Zürich €😀",
                "\"\\u0041\\uD83D\\ude00 \\\"\\\\\\/ü\" | A😀 \"\\/ü",
                "1 | wrong type: x must be a string",
                "null | wrong type: x must be a string",
            })
    void aStringIsTextWithoutItsEscapes(String text, String value) throws Exception {
        assertEquals(value, value(DataTypes.STRING(), text).toString());
    }

    @Test
    void allShortEscapesAreKnown() throws Exception {
        assertEquals("\b\f\n\r\t\0", value(DataTypes.STRING(), "\"\\b\\f\\n\\r\\t\\u0000\"").toString());
    }

    @Test
    void aBooleanIsTrueOrFalse() throws Exception {
        assertEquals(true, value(DataTypes.BOOLEAN(), "true"));
        assertEquals(false, value(DataTypes.BOOLEAN(), "false"));
        assertEquals("wrong type: x must be true or false", value(DataTypes.BOOLEAN(), "0"));
        assertEquals("wrong type: x must be true or false", value(DataTypes.BOOLEAN(), "null"));
    }

    @Test
    void aColumnMayHaveAnyName() throws Exception {
        ResolvedSchema odd =
                schema("a\"b\\", DataTypes.INT(), "größe", DataTypes.INT(), "raw", DataTypes.BYTES(),
                        "error", DataTypes.STRING());
        byte[] message = "{\"a\\\"b\\\\\":1,\"größe\":2}".getBytes(UTF_8);
        assertEquals(GenericRowData.of(1, 2, message, null), decode(odd, message));
        byte[] escaped = "{\"gr\\u00f6\\u00dfe\":2,\"a\\u0022b\\u005c\":1}".getBytes(UTF_8);
        assertEquals(GenericRowData.of(1, 2, escaped, null), decode(odd, escaped));
    }

    @Test
    void aProjectionProducesItsColumnsInItsOrder() throws Exception {
        DeserializationSchema<RowData> decoder =
                TestFormats.decoder(TRIPS, Map.of(), Map.of(), new int[][] {{7}, {4}, {0}});
        RowData row = decoder.deserialize(TRIP.getBytes(UTF_8));
        assertEquals(GenericRowData.of(null, StringData.fromString("yellow"), 7L), row);
    }

    @Test
    void columnsOutsideAProjectionAreChecked() throws Exception {
        DeserializationSchema<RowData> decoder = TestFormats.decoder(TRIPS, Map.of(), Map.of(), new int[][] {{0}, {7}});
        RowData row = decoder.deserialize(TRIP.replace("14.5", "\"14.5\"").getBytes(UTF_8));
        assertEquals(GenericRowData.of(null, StringData.fromString("wrong type: fare must be a number")), row);
    }

    @Test
    void aProjectionOfNothingStillProducesARow() throws Exception {
        DeserializationSchema<RowData> decoder = TestFormats.decoder(TRIPS, Map.of(), Map.of(), new int[0][]);
        assertEquals(new GenericRowData(0), decoder.deserialize(TRIP.getBytes(UTF_8)));
    }

    @Test
    void theSpecialColumnsMayHaveOtherNames() throws Exception {
        ResolvedSchema renamed =
                schema("raw", DataTypes.INT(), "bytes", DataTypes.BYTES(), "reason", DataTypes.STRING());
        DeserializationSchema<RowData> decoder =
                TestFormats.decoder(
                        renamed,
                        Map.of(),
                        Map.of("raw-column", "bytes", "error-column", "reason"),
                        new int[][] {{0}, {1}, {2}});
        byte[] message = "{\"raw\":1}".getBytes(UTF_8);
        assertEquals(GenericRowData.of(1, message, null), decoder.deserialize(message));
    }

    @Test
    void aMessageLargerThanTheLimitIsRefused() throws Exception {
        byte[] message = TRIP.getBytes(UTF_8);
        int[][] idAndError = {{0}, {7}};
        String size = Integer.toString(message.length);
        assertEquals(
                GenericRowData.of(7L, null),
                TestFormats.decoder(TRIPS, Map.of(), Map.of("max-bytes", size), idAndError).deserialize(message));
        byte[] larger = (TRIP + " ").getBytes(UTF_8);
        assertEquals(
                GenericRowData.of(null, StringData.fromString("too large: more than " + size + " bytes")),
                TestFormats.decoder(TRIPS, Map.of(), Map.of("max-bytes", size), idAndError).deserialize(larger));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "many", "2147483648"})
    void aLimitThatIsNoneIsRefused(String limit) {
        assertEquals(
                "'max-bytes' must be an integer from 1 to 2147483647 (got " + limit
                        + "); leave it out for no limit",
                refusal(TRIPS, Map.of(), Map.of("max-bytes", limit)));
    }

    @ParameterizedTest
    @CsvSource({
        "'', EMPTY_MESSAGE",
        "'{', NOT_JSON",
        "'[]', NOT_AN_OBJECT",
        "'{}', MISSING_FIELD",
        "'{\"id\":1,\"id\":1}', DUPLICATE_FIELD",
        "'{\"id\":true}', WRONG_TYPE",
        "'{\"id\":9223372036854775808}', OUT_OF_RANGE",
        "'{\"id\":1, \"name\":\"0123456789\"}', TOO_LARGE",
    })
    void anErrorHasItsCode(String message, String code) throws Exception {
        assertEquals(code, errorCode(message.getBytes(UTF_8)));
    }

    @Test
    void aMessageWithoutAValueHasItsCode() throws Exception {
        assertEquals("NO_MESSAGE", errorCode(null));
    }

    @Test
    void aGoodRecordHasNoErrorCode() throws Exception {
        assertNull(errorCode("{\"id\":1}".getBytes(UTF_8)));
    }

    private static String errorCode(byte[] message) throws Exception {
        ResolvedSchema schema =
                schema("id", DataTypes.BIGINT(), "raw", DataTypes.BYTES(), "error", DataTypes.STRING(),
                        "kind", DataTypes.STRING());
        Map<String, String> format = Map.of("error-code-column", "kind", "max-bytes", "26");
        RowData row = TestFormats.decoder(schema, Map.of(), format, new int[][] {{3}}).deserialize(message);
        return row.isNullAt(0) ? null : row.getString(0).toString();
    }

    @Test
    void theColumnOfTheErrorCodeHasAName() throws Exception {
        ResolvedSchema schema =
                schema("raw", DataTypes.BYTES(), "error", DataTypes.STRING(), "error_code", DataTypes.STRING());
        byte[] message = "[]".getBytes(UTF_8);
        StringData error = StringData.fromString("not a JSON object");
        assertEquals(
                GenericRowData.of(message, error, StringData.fromString("NOT_AN_OBJECT")), decode(schema, message));
    }

    private static RowData decodeOptional(String message) throws Exception {
        int[][] idTypeAndError = {{0}, {4}, {7}};
        Map<String, String> format = Map.of("optional-columns", "riders;zone;fare;type;paid");
        return TestFormats.decoder(TRIPS, Map.of(), format, idTypeAndError).deserialize(message.getBytes(UTF_8));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"id\":7}", "{\"id\":7,\"type\":null}", "{\"type\":null,\"paid\":null,\"id\":7}"})
    void anOptionalFieldMayBeLeftOutOrNull(String message) throws Exception {
        assertEquals(GenericRowData.of(7L, null, null), decodeOptional(message));
    }

    @Test
    void anOptionalFieldIsReadWhereItIs() throws Exception {
        assertEquals(
                GenericRowData.of(7L, StringData.fromString("green"), null),
                decodeOptional("{\"id\":7,\"type\":\"green\"}"));
    }

    @ParameterizedTest
    @CsvSource({
        "'{\"type\":\"green\"}', missing field: id",
        "'{\"id\":null}', wrong type: id must be an integer",
        "'{\"id\":7,\"type\":5}', wrong type: type must be a string",
        "'{\"id\":7,\"paid\":null,\"paid\":null}', duplicate field: paid",
    })
    void optionalFieldsAreCheckedAndOthersAreRequired(String message, String reason) throws Exception {
        assertEquals(GenericRowData.of(null, null, StringData.fromString(reason)), decodeOptional(message));
    }

    @Test
    void anOptionalColumnThatIsNoneIsRefused() {
        assertEquals(
                "'optional-columns' must name columns that are fields (got fair);"
                        + " known are id, riders, zone, fare, type, paid",
                refusal(TRIPS, Map.of(), Map.of("optional-columns", "fair")));
    }

    @Test
    void columnsOfAKafkaKeyAloneAreNoFieldsOfTheValue() throws Exception {
        byte[] message = TRIP.replace("\"id\":7,", "").replace("\"zone\":132,", "").getBytes(UTF_8);
        DeserializationSchema<RowData> decoder =
                TestFormats.decoder(
                        TRIPS,
                        Map.of("key.fields", "id;zone", "value.fields-include", "EXCEPT_KEY"),
                        Map.of(),
                        new int[][] {{1}, {6}, {7}});
        assertEquals(GenericRowData.of(2, message, null), decoder.deserialize(message));
    }

    @Test
    void aDecoderThatWasSentToAnotherMachineWorks() throws Exception {
        DeserializationSchema<RowData> decoder = InstantiationUtil.clone(TestFormats.decoder(TRIPS));
        decoder.open(null);
        assertEquals(good(TRIP), decoder.deserialize(TRIP.getBytes(UTF_8)));
    }

    @Test
    void eachRecordHasARowOfItsOwn() throws Exception {
        DeserializationSchema<RowData> decoder = TestFormats.decoder(TRIPS);
        RowData first = decoder.deserialize(TRIP.getBytes(UTF_8));
        assertNotSame(first, decoder.deserialize("{}".getBytes(UTF_8)));
        assertEquals(good(TRIP), first);
    }

    @Test
    void theBytesOfARecordAreKeptUnchanged() throws Exception {
        byte[] message = TRIP.getBytes(UTF_8);
        assertArrayEquals(TRIP.getBytes(UTF_8), decode(TRIPS, message).getBinary(6));
    }

    private static String refusal(ResolvedSchema schema, Map<String, String> table, Map<String, String> format) {
        return assertThrows(
                        ValidationException.class, () -> TestFormats.decoder(schema, table, format, new int[][] {{0}}))
                .getMessage();
    }

    @Test
    void aColumnOfAnotherTypeIsRefused() {
        assertEquals(
                "column 'at' must be one of BIGINT, INT, SMALLINT, DOUBLE, STRING, BOOLEAN (got TIMESTAMP(3));"
                        + " declare it as one of them, and convert it in the query",
                refusal(
                        schema("at", DataTypes.TIMESTAMP(3), "raw", DataTypes.BYTES(), "error", DataTypes.STRING()),
                        Map.of(),
                        Map.of()));
    }

    @Test
    void aColumnThatMustNotBeNullIsRefused() {
        assertEquals(
                "column 'id' must be nullable (got BIGINT NOT NULL): a bad record has no columns; leave out NOT NULL",
                refusal(
                        schema("id", DataTypes.BIGINT().notNull(), "raw", DataTypes.BYTES(),
                                "error", DataTypes.STRING()),
                        Map.of(),
                        Map.of()));
    }

    @Test
    void aTableWithoutTheSpecialColumnsIsRefused() {
        assertEquals(
                "a table with the format 'json-raw' must have the column `raw` BYTES, nullable"
                        + " (got ROW<`error` STRING> NOT NULL); declare it",
                refusal(schema("error", DataTypes.STRING()), Map.of(), Map.of()));
        assertEquals(
                "a table with the format 'json-raw' must have the column `error` STRING, nullable"
                        + " (got ROW<`raw` BYTES, `error` INT> NOT NULL); declare it",
                refusal(schema("raw", DataTypes.BYTES(), "error", DataTypes.INT()), Map.of(), Map.of()));
    }

    @ParameterizedTest
    @CsvSource({
        "error-column, raw, raw-column",
        "error-code-column, raw, raw-column",
        "error-code-column, error, error-column",
    })
    void oneNameForTwoSpecialColumnsIsRefused(String option, String name, String other) {
        assertEquals(
                "'" + option + "' must differ from '" + other + "' (got " + name + " for both); name two columns",
                refusal(TRIPS, Map.of(), Map.of(option, name)));
    }

    @Test
    void anErrorCodeThatIsNoTextIsRefused() {
        ResolvedSchema schema =
                schema("raw", DataTypes.BYTES(), "error", DataTypes.STRING(), "error_code", DataTypes.INT());
        String message = refusal(schema, Map.of(), Map.of());
        assertTrue(message.contains("must have the column `error_code` STRING, nullable (got ROW<"), message);
    }

    @Test
    void aKeyOfThisFormatIsRefused() {
        assertEquals(
                "'key.format' must be the format of a key (got json-raw);"
                        + " write 'raw', and json-raw as 'value.format'",
                refusal(TRIPS, Map.of("key.format", "json-raw"), Map.of()));
    }
}
