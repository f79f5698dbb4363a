package flinkscenarios.eventtime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.apache.flink.types.Row;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PartitionTimeOperatorTest {

    private static final long OUT_OF_ORDER = 2_000;
    private static final long IDLE = 5_000;

    private OneInputStreamOperatorTestHarness<Row, Row> harness;

    @BeforeEach
    void start() throws Exception {
        harness = newHarness();
        harness.open();
    }

    private static OneInputStreamOperatorTestHarness<Row, Row> newHarness() throws Exception {
        return new OneInputStreamOperatorTestHarness<>(
                new PartitionTimeOperator<>(new KeyedRow(), OUT_OF_ORDER, IDLE));
    }

    @AfterEach
    void stop() throws Exception {
        harness.close();
    }

    private static StreamRecord<Row> row(String value, String partition, Long time) {
        return new StreamRecord<>(Row.of(1, value, partition, time));
    }

    /** What came out that is no row. */
    private List<Object> signals() {
        List<Object> signals = new ArrayList<>(harness.getOutput());
        signals.removeIf(StreamRecord.class::isInstance);
        return signals;
    }

    @Test
    void aRowHasItsTimeAndOneWithoutHasSome() throws Exception {
        harness.processElement(row("timed", "a", 80_000L));
        harness.processElement(row("untimed", "a", null));
        assertEquals(
                List.of(new StreamRecord<>(Row.of(1, "timed"), 80_000L), new StreamRecord<>(Row.of(1, "untimed"), 0L)),
                new ArrayList<>(harness.getOutput()));
    }

    @Test
    void theWatermarkIsBehindTheSlowestPartition() throws Exception {
        harness.processElement(row("x", "a", 90_000L));
        harness.setProcessingTime(IDLE - 1_000);
        harness.processElement(row("x", "a", 90_000L));
        harness.processElement(row("x", "b", 80_000L));
        harness.setProcessingTime(IDLE);
        assertEquals(List.of(new Watermark(80_000 - OUT_OF_ORDER - 1)), signals());
    }

    @Test
    void theEndIsHeardFromAnIdleTaskToo() throws Exception {
        harness.processElement(row("x", "a", 80_000L));
        harness.setProcessingTime(2 * IDLE);
        Watermark reached = new Watermark(80_000 - OUT_OF_ORDER - 1);
        assertEquals(List.of(reached, WatermarkStatus.IDLE), signals());
        harness.processWatermark(Watermark.MAX_WATERMARK);
        harness.setProcessingTime(4 * IDLE);
        assertEquals(List.of(reached, WatermarkStatus.IDLE, WatermarkStatus.ACTIVE, Watermark.MAX_WATERMARK), signals());
    }

    @Test
    void aRestartGoesOnFromTheWatermarkOfTheCheckpoint() throws Exception {
        harness.processElement(row("x", "a", 80_000L));
        harness.setProcessingTime(IDLE);
        OperatorSubtaskState checkpoint = harness.snapshot(1, IDLE);
        restartFrom(checkpoint);
        harness.processElement(row("late", "a", 1_000L));
        assertEquals(
                List.of(new Watermark(80_000 - OUT_OF_ORDER - 1), new StreamRecord<>(Row.of(1, "late"), 1_000L)),
                new ArrayList<>(harness.getOutput()));
    }

    @Test
    void afterARestartTheSlowestTaskCountsThatWasWaitedFor() throws Exception {
        OperatorSubtaskState ahead = checkpointAt(80_000);
        OperatorSubtaskState behind = checkpointAt(50_000);
        restartFrom(AbstractStreamOperatorTestHarness.repackageState(ahead, behind));
        assertEquals(List.of(new Watermark(50_000 - OUT_OF_ORDER - 1)), signals());
    }

    /** The checkpoint of a task that is at work, and has reached a time. */
    private OperatorSubtaskState checkpointAt(long time) throws Exception {
        stop();
        start();
        harness.processElement(row("x", "a", time));
        harness.setProcessingTime(IDLE);
        harness.processElement(row("x", "a", time));
        harness.setProcessingTime(IDLE + 1_000);
        return harness.snapshot(1, IDLE);
    }

    private void restartFrom(OperatorSubtaskState checkpoint) throws Exception {
        stop();
        harness = newHarness();
        harness.initializeState(checkpoint);
        harness.open();
    }

    @Test
    void watermarksOfTheSourceDoNotCount() throws Exception {
        harness.processElement(row("x", "a", 80_000L));
        harness.processWatermark(new Watermark(70_000));
        assertEquals(List.of(), signals());
    }
}
