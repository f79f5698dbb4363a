package flinkscenarios.eventtime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;

class NeverIdleOperatorTest {

    @Test
    void rowsAndWatermarksPassAndIdlenessDoesNot() throws Exception {
        OneInputStreamOperatorTestHarness<String, String> harness =
                new OneInputStreamOperatorTestHarness<>(new NeverIdleOperator<>());
        try {
            harness.open();
            StreamRecord<String> row = new StreamRecord<>("row", 75_000);
            harness.processWatermark(new Watermark(70_000));
            harness.processWatermarkStatus(WatermarkStatus.IDLE);
            harness.processElement(row);
            harness.processWatermarkStatus(WatermarkStatus.ACTIVE);
            harness.processWatermark(Watermark.MAX_WATERMARK);
            assertEquals(
                    List.of(new Watermark(70_000), row, Watermark.MAX_WATERMARK),
                    new ArrayList<>(harness.getOutput()));
        } finally {
            harness.close();
        }
    }
}
