package flinkscenarios.packed;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.apache.flink.types.Row;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PackOperatorTest {

    private OneInputStreamOperatorTestHarness<Row, Row> harness;

    @BeforeEach
    void start() throws Exception {
        harness = new OneInputStreamOperatorTestHarness<>(new PackOperator(2));
        harness.open();
    }

    @AfterEach
    void stop() throws Exception {
        harness.close();
    }

    private void put(int key, Long first, Long second, String... texts) throws Exception {
        Row value = new Row(2 + texts.length);
        value.setField(0, first);
        value.setField(1, second);
        for (int text = 0; text < texts.length; text++) {
            value.setField(2 + text, texts[text] == null ? null : texts[text].getBytes(UTF_8));
        }
        harness.processElement(new StreamRecord<>(Row.of(key, value)));
    }

    private static StreamRecord<Row> packed(int key, String texts, long... numbers) {
        ByteBuffer bytes = ByteBuffer.allocate(numbers.length * Long.BYTES);
        for (long number : numbers) {
            bytes.putLong(number);
        }
        return new StreamRecord<>(Row.of(key, Row.of(bytes.array(), texts.getBytes(UTF_8))));
    }

    private List<Object> output() {
        return new ArrayList<>(harness.getOutput());
    }

    @Test
    void theValuesOfAKeyAreOneRowInTheirOrder() throws Exception {
        put(1, 10L, 11L, "a", "bc");
        put(2, 20L, 21L, "d", "e");
        put(1, -12L, Long.MAX_VALUE, "", "fg");
        harness.setProcessingTime(PackOperator.MAX_DELAY_MILLIS);
        assertEquals(
                List.of(packed(1, "abcfg", 10, 11, 1, 3, -12, Long.MAX_VALUE, 3, 5), packed(2, "de", 20, 21, 1, 2)),
                output());
    }

    @Test
    void nullIsZeroAndNoBytes() throws Exception {
        put(1, null, 5L, null, "a");
        harness.setProcessingTime(PackOperator.MAX_DELAY_MILLIS);
        assertEquals(List.of(packed(1, "a", 0, 5, 0, 1)), output());
    }

    @Test
    void aRowIsHeldForAMomentAndGivenOnce() throws Exception {
        put(1, 1L, 2L);
        harness.setProcessingTime(PackOperator.MAX_DELAY_MILLIS - 1);
        assertEquals(List.of(), output());
        harness.setProcessingTime(PackOperator.MAX_DELAY_MILLIS);
        put(1, 3L, 4L);
        harness.setProcessingTime(3 * PackOperator.MAX_DELAY_MILLIS);
        assertEquals(List.of(packed(1, "", 1, 2), packed(1, "", 3, 4)), output());
    }

    @Test
    void aRowStaysAheadOfTheWatermarkThatFollowsIt() throws Exception {
        put(1, 1L, 2L);
        harness.processWatermark(new Watermark(7));
        assertEquals(List.of(packed(1, "", 1, 2), new Watermark(7)), output());
    }

    @Test
    void nothingIsHeldOfAStreamThatNobodyWaitsFor() throws Exception {
        put(1, 1L, 2L);
        harness.processWatermarkStatus(WatermarkStatus.IDLE);
        assertEquals(List.of(packed(1, "", 1, 2), WatermarkStatus.IDLE), output());
    }

    @Test
    void nothingIsHeldWhileACheckpointIsMade() throws Exception {
        put(1, 1L, 2L);
        harness.prepareSnapshotPreBarrier(1);
        assertEquals(List.of(packed(1, "", 1, 2)), output());
    }

    @Test
    void nothingIsHeldAtTheEnd() throws Exception {
        put(1, 1L, 2L);
        harness.getOneInputOperator().finish();
        assertEquals(List.of(packed(1, "", 1, 2)), output());
    }

    @Test
    void noMoreIsHeldThanFitsInMemory() throws Exception {
        put(1, 1L, 2L);
        put(2, 3L, 4L, "x".repeat(PackOperator.MAX_BYTES));
        assertEquals(2, output().size());
    }
}
