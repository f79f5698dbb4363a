package flinkscenarios.kinesis;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.runtime.metrics.groups.UnregisteredMetricGroups;
import org.apache.flink.streaming.api.operators.source.TimestampsAndWatermarks;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.io.PushingAsyncDataInput;
import org.apache.flink.streaming.runtime.streamrecord.LatencyMarker;
import org.apache.flink.streaming.runtime.streamrecord.RecordAttributes;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.StatusWatermarkValve;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.table.data.RowData;
import org.apache.flink.util.clock.Clock;

/** Flink's own handling of event time: in the tasks of a source, and in the task that hears all of them. */
final class EventTimeTasks {

    /** A clock that is set. */
    static final class SetClock extends Clock {
        long millis;

        @Override
        public long absoluteTimeMillis() {
            return millis;
        }

        @Override
        public long relativeTimeMillis() {
            return millis;
        }

        @Override
        public long relativeTimeNanos() {
            return millis * 1_000_000;
        }
    }

    private final List<TimestampsAndWatermarks<RowData>> tasks = new ArrayList<>();
    private final List<ReaderOutput<RowData>> outputs = new ArrayList<>();
    private final StatusWatermarkValve valve;
    final SetClock clock = new SetClock();

    /** What the task that follows has reached. */
    long watermark = Long.MIN_VALUE;

    int records;
    int late;

    EventTimeTasks(int parallelism, WatermarkStrategy<RowData> strategy) {
        valve = new StatusWatermarkValve(parallelism);
        for (int i = 0; i < parallelism; i++) {
            TimestampsAndWatermarks<RowData> task =
                    TimestampsAndWatermarks.createProgressiveEventTimeLogic(
                            strategy,
                            UnregisteredMetricsGroup.createSourceReaderMetricGroup(),
                            null,
                            200,
                            clock,
                            clock,
                            UnregisteredMetricGroups.createUnregisteredTaskMetricGroup().getIOMetricGroup());
            tasks.add(task);
            outputs.add(task.createMainOutput(new Channel(i), new NoListener()));
        }
    }

    ReaderOutput<RowData> output(int task) {
        return outputs.get(task);
    }

    /** The timer of a task that emits watermarks. */
    void tick(int task) {
        tasks.get(task).emitImmediateWatermark(0);
    }

    private static final class NoListener implements TimestampsAndWatermarks.WatermarkUpdateListener {
        @Override
        public void updateIdle(boolean isIdle) {
            // For the alignment of watermarks.
        }

        @Override
        public void updateCurrentEffectiveWatermark(long watermark) {
            // As above.
        }

        @Override
        public void updateCurrentSplitWatermark(String splitId, long watermark) {
            // As above.
        }

        @Override
        public void splitFinished(String splitId) {
            // As above.
        }
    }

    private abstract static class Output implements PushingAsyncDataInput.DataOutput<RowData> {
        @Override
        public void emitLatencyMarker(LatencyMarker marker) {
            // None come.
        }

        @Override
        public void emitRecordAttributes(RecordAttributes attributes) {
            // Nor these.
        }
    }

    private final class Channel extends Output {
        private final int index;

        Channel(int index) {
            this.index = index;
        }

        @Override
        public void emitRecord(StreamRecord<RowData> row) {
            records++;
            late += row.getTimestamp() <= watermark ? 1 : 0;
        }

        @Override
        public void emitWatermark(Watermark mark) throws Exception {
            valve.inputWatermark(mark, index, new Following());
        }

        @Override
        public void emitWatermarkStatus(WatermarkStatus status) throws Exception {
            valve.inputWatermarkStatus(status, index, new Following());
        }
    }

    private final class Following extends Output {
        @Override
        public void emitRecord(StreamRecord<RowData> row) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void emitWatermark(Watermark mark) {
            watermark = mark.getTimestamp();
        }

        @Override
        public void emitWatermarkStatus(WatermarkStatus status) {
            // Nobody asks.
        }
    }
}
