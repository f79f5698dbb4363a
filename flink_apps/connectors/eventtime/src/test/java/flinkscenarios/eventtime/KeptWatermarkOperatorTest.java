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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class KeptWatermarkOperatorTest {

    private static final Watermark EARLY = new Watermark(70_000);
    private static final Watermark LATER = new Watermark(80_000);

    private OneInputStreamOperatorTestHarness<String, String> harness;

    @BeforeEach
    void start() throws Exception {
        harness = newHarness();
        harness.open();
    }

    private static OneInputStreamOperatorTestHarness<String, String> newHarness() throws Exception {
        return new OneInputStreamOperatorTestHarness<>(new KeptWatermarkOperator<>());
    }

    @AfterEach
    void stop() throws Exception {
        harness.close();
    }

    private List<Object> output() {
        return new ArrayList<>(harness.getOutput());
    }

    @Test
    void rowsAndWatermarksPassUnchanged() throws Exception {
        StreamRecord<String> row = new StreamRecord<>("row", 75_000);
        harness.processWatermark(EARLY);
        harness.processElement(row);
        harness.processWatermarkStatus(WatermarkStatus.IDLE);
        assertEquals(List.of(EARLY, row, WatermarkStatus.IDLE), output());
    }

    @Test
    void theEndIsHeardFromAnIdleTaskToo() throws Exception {
        harness.processWatermarkStatus(WatermarkStatus.IDLE);
        harness.processWatermark(Watermark.MAX_WATERMARK);
        assertEquals(List.of(WatermarkStatus.IDLE, WatermarkStatus.ACTIVE, Watermark.MAX_WATERMARK), output());
    }

    @Test
    void theEndOfAnIdleSourceIsTheEndOfItsTimeThoughItsLastWatermarkIsIgnored() throws Exception {
        harness.processWatermarkStatus(WatermarkStatus.IDLE);
        harness.endInput();
        assertEquals(List.of(WatermarkStatus.IDLE, WatermarkStatus.ACTIVE, Watermark.MAX_WATERMARK), output());
    }

    @Test
    void timeEndsOnce() throws Exception {
        harness.processWatermark(Watermark.MAX_WATERMARK);
        harness.endInput();
        assertEquals(List.of(WatermarkStatus.ACTIVE, Watermark.MAX_WATERMARK), output());
    }

    @Test
    void aRestartGoesOnFromTheWatermarkOfTheCheckpoint() throws Exception {
        harness.processWatermark(LATER);
        restartFrom(harness.snapshot(1, 1));
        StreamRecord<String> late = new StreamRecord<>("late", 1_000);
        harness.processElement(late);
        harness.processWatermark(EARLY);
        assertEquals(List.of(LATER, late), output());
    }

    @Test
    void aRestartWithoutRowsGoesOnToo() throws Exception {
        harness.processWatermark(LATER);
        restartFrom(harness.snapshot(1, 1));
        harness.setProcessingTime(1);
        assertEquals(List.of(LATER), output());
    }

    @Test
    void aRestartAtAnotherParallelismGoesOnFromTheSlowestActiveTask() throws Exception {
        harness.processWatermark(LATER);
        OperatorSubtaskState ahead = harness.snapshot(1, 1);
        OperatorSubtaskState behind = stateAfter(EARLY, WatermarkStatus.ACTIVE);
        OperatorSubtaskState silent = stateAfter(new Watermark(10_000), WatermarkStatus.IDLE);
        restartFrom(AbstractStreamOperatorTestHarness.repackageState(ahead, behind, silent));
        harness.processElement(new StreamRecord<>("row"));
        assertEquals(EARLY, output().get(0));
    }

    @Test
    void aDrainedJobGoesOnFromItsLastTime() throws Exception {
        harness.processWatermark(LATER);
        harness.processWatermark(Watermark.MAX_WATERMARK);
        restartFrom(harness.snapshot(1, 1));
        harness.processElement(new StreamRecord<>("row"));
        assertEquals(LATER, output().get(0));
    }

    private static OperatorSubtaskState stateAfter(Watermark watermark, WatermarkStatus status) throws Exception {
        OneInputStreamOperatorTestHarness<String, String> other = newHarness();
        other.open();
        other.processWatermark(watermark);
        other.processWatermarkStatus(status);
        OperatorSubtaskState state = other.snapshot(1, 1);
        other.close();
        return state;
    }

    private void restartFrom(OperatorSubtaskState state) throws Exception {
        harness.close();
        harness = newHarness();
        harness.initializeState(state);
        harness.open();
    }
}
