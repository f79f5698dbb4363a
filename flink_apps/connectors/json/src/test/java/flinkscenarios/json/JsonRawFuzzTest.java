package flinkscenarios.json;

import static flinkscenarios.json.TestFormats.schema;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.junit.jupiter.api.Test;

/** Damaged records, by a fixed seed; the judge of what is JSON is Jackson. */
class JsonRawFuzzTest {

    private static final int RECORDS = 50_000;

    private static final String RECORD =
            "{\"id\":7,\"fare\":14.05e-1,\"type\":\"a\\u00e9\\ud83d\\ude00\\n€\",\"paid\":true,"
                    + "\"more\":[{\"a\":null,\"b\":[-0.5E+2,false]},\"\\\\\",{}],\"type2\":\"ü\"}";

    private static final byte[] ALPHABET = "{}[]\",:\\/ \t\n0123456789-+.eEutrfalsn\0\u0080\u00e9€😀".getBytes(UTF_8);

    private static final ResolvedSchema TRIPS =
            schema(
                    "id", DataTypes.INT(),
                    "fare", DataTypes.DOUBLE(),
                    "type", DataTypes.STRING(),
                    "paid", DataTypes.BOOLEAN(),
                    "raw", DataTypes.BYTES(),
                    "error", DataTypes.STRING());

    /** A record with up to three bytes replaced, removed, put in or moved, or cut off. */
    private static byte[] damaged(Random random) {
        byte[] record = RECORD.getBytes(UTF_8);
        for (int damages = random.nextInt(4); damages > 0 && record.length > 1; damages--) {
            int at = random.nextInt(record.length - 1);
            byte other = ALPHABET[random.nextInt(ALPHABET.length)];
            switch (random.nextInt(5)) {
                case 0:
                    record[at] = other;
                    break;
                case 1:
                    record[at] = (byte) random.nextInt();
                    break;
                case 2:
                    System.arraycopy(record, at + 1, record, at, record.length - at - 1);
                    record = Arrays.copyOf(record, record.length - 1);
                    break;
                case 3:
                    record = Arrays.copyOf(record, record.length + 1);
                    System.arraycopy(record, at, record, at + 1, record.length - at - 1);
                    record[at] = other;
                    break;
                default:
                    record = random.nextInt(8) == 0 ? Arrays.copyOf(record, at + 1) : record;
            }
        }
        return record;
    }

    private static boolean isJsonObject(byte[] message) {
        try {
            String text = UTF_8.newDecoder().decode(ByteBuffer.wrap(message)).toString();
            try (JsonParser parser = new JsonFactory().createParser(text)) {
                boolean object = parser.nextToken() == JsonToken.START_OBJECT;
                for (JsonToken token = parser.currentToken(); token != null; token = parser.nextToken()) {
                    if (!isUnicode(parser.getText())) {
                        return false;
                    }
                    object &= !parser.getParsingContext().inRoot() || token == JsonToken.END_OBJECT;
                }
                return object;
            }
        } catch (IOException e) {
            return false;
        }
    }

    /** Jackson takes half a surrogate pair; JSON's grammar does, too, but it stands for no text. */
    private static boolean isUnicode(String text) {
        return UTF_8.newEncoder().canEncode(text);
    }

    @Test
    void whatIsJsonIsTheSameAsForJackson() throws Exception {
        DeserializationSchema<RowData> decoder =
                TestFormats.decoder(schema("raw", DataTypes.BYTES(), "error", DataTypes.STRING()));
        Random random = new Random(1);
        int good = 0;
        for (int i = 0; i < RECORDS; i++) {
            byte[] message = damaged(random);
            RowData row = decoder.deserialize(message);
            assertEquals(isJsonObject(message), row.isNullAt(1), () -> new String(message, UTF_8) + " → " + row);
            good += row.isNullAt(1) ? 1 : 0;
        }
        int share = good * 100 / RECORDS;
        assertTrue(share > 20 && share < 80, () -> "the records must be good and bad ones (got " + share + " % good)");
    }

    @Test
    void aDamagedRecordIsKeptAndHasEitherAllItsColumnsOrNone() throws Exception {
        DeserializationSchema<RowData> decoder = TestFormats.decoder(TRIPS);
        Random random = new Random(2);
        for (int i = 0; i < RECORDS; i++) {
            byte[] message = damaged(random);
            RowData row = decoder.deserialize(message);
            assertSame(message, ((GenericRowData) row).getField(4));
            for (int column = 0; column < 4; column++) {
                assertEquals(row.isNullAt(5), !row.isNullAt(column), () -> new String(message, UTF_8) + " → " + row);
            }
        }
    }

    @Test
    void whatADecoderHasLearnedDoesNotChangeARow() throws Exception {
        DeserializationSchema<RowData> experienced = TestFormats.decoder(TRIPS);
        Random random = new Random(3);
        for (int i = 0; i < RECORDS / 20; i++) {
            byte[] message = damaged(random);
            DeserializationSchema<RowData> fresh = TestFormats.decoder(TRIPS);
            assertEquals(fresh.deserialize(message), experienced.deserialize(message));
        }
    }

    @Test
    void randomDecimalsAreRoundedAsJavaDoes() throws Exception {
        DeserializationSchema<RowData> decoder =
                TestFormats.decoder(
                        schema("x", DataTypes.DOUBLE(), "raw", DataTypes.BYTES(), "error", DataTypes.STRING()));
        Random random = new Random(4);
        for (int i = 0; i < RECORDS; i++) {
            String digits = Long.toString(Math.abs(random.nextLong() >> random.nextInt(63)));
            int point = random.nextInt(digits.length() + 1);
            String text =
                    (random.nextBoolean() ? "-" : "")
                            + (point == 0 ? "0" : digits.substring(0, point))
                            + (point == digits.length() ? "" : "." + digits.substring(point));
            RowData row = decoder.deserialize(("{\"x\":" + text + "}").getBytes(UTF_8));
            assertEquals(Double.parseDouble(text), row.getDouble(0), text);
        }
    }
}
