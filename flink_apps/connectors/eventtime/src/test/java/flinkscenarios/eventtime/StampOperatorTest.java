package flinkscenarios.eventtime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.apache.flink.streaming.util.TwoInputStreamOperatorTestHarness;
import org.apache.flink.types.Row;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StampOperatorTest {

    private static final Watermark EARLY = new Watermark(70_000);
    private static final Watermark LATER = new Watermark(80_000);

    private TwoInputStreamOperatorTestHarness<Row, Row, Row> harness;

    @BeforeEach
    void start() throws Exception {
        harness = newHarness();
        harness.open();
    }

    private static TwoInputStreamOperatorTestHarness<Row, Row, Row> newHarness() throws Exception {
        return new TwoInputStreamOperatorTestHarness<>(new StampOperator());
    }

    @AfterEach
    void stop() throws Exception {
        harness.close();
    }

    private void row() throws Exception {
        harness.processElement1(new StreamRecord<>(Row.of(7, Row.of("value"))));
    }

    private static StreamRecord<Row> stamped(long time) {
        return new StreamRecord<>(Row.of(7, Row.of("value", time)));
    }

    private List<Object> output() {
        return new ArrayList<>(harness.getOutput());
    }

    private void restart(OperatorSubtaskState state) throws Exception {
        harness.close();
        harness = newHarness();
        harness.initializeState(state);
        harness.open();
    }

    @Test
    void aRowHasTheTimeThatBothInputsHaveReached() throws Exception {
        row();
        harness.processWatermark1(LATER);
        row();
        harness.processWatermark2(EARLY);
        row();
        assertEquals(List.of(stamped(Long.MIN_VALUE), stamped(Long.MIN_VALUE), EARLY, stamped(70_000)), output());
    }

    @Test
    void whileTheRowsAreIdleTimeIsThatOfTheClock() throws Exception {
        harness.processWatermark1(EARLY);
        harness.processWatermark2(EARLY);
        harness.processWatermarkStatus1(WatermarkStatus.IDLE);
        harness.processWatermark2(LATER);
        harness.processWatermarkStatus1(WatermarkStatus.ACTIVE);
        row();
        assertEquals(List.of(EARLY, LATER, stamped(80_000)), output());
    }

    @Test
    void theFirstRowAfterARestartHasTheTimeOfTheCheckpointBeforeAnyWatermark() throws Exception {
        harness.processWatermark1(EARLY);
        harness.processWatermark2(EARLY);
        harness.processWatermarkStatus1(WatermarkStatus.IDLE);
        harness.processWatermark2(LATER);
        restart(harness.snapshot(1, 1));
        row();
        harness.processWatermark1(EARLY);
        row();
        harness.processWatermark2(EARLY);
        assertEquals(List.of(stamped(80_000), stamped(80_000), LATER), output());
    }

    @Test
    void aDrainedJobGoesOnFromItsLastTime() throws Exception {
        for (Watermark mark : List.of(EARLY, Watermark.MAX_WATERMARK)) {
            harness.processWatermark1(mark);
            harness.processWatermark2(mark);
        }
        assertEquals(List.of(EARLY, Watermark.MAX_WATERMARK), output());
        restart(harness.snapshot(1, 1));
        row();
        assertEquals(List.of(stamped(70_000)), output());
    }

    @Test
    void withAnotherParallelismTimeIsThatOfTheSlowestTask() throws Exception {
        harness.processWatermark1(LATER);
        harness.processWatermark2(LATER);
        OperatorSubtaskState fast = harness.snapshot(1, 1);
        harness.close();
        start();
        harness.processWatermark1(EARLY);
        harness.processWatermark2(EARLY);
        restart(AbstractStreamOperatorTestHarness.repackageState(fast, harness.snapshot(1, 1)));
        row();
        assertEquals(List.of(stamped(70_000)), output());
    }
}
