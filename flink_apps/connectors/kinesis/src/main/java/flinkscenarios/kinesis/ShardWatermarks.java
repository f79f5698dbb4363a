package flinkscenarios.kinesis;

import org.apache.flink.api.common.eventtime.TimestampAssigner;
import org.apache.flink.api.common.eventtime.TimestampAssignerSupplier;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkAlignmentParams;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkGeneratorSupplier;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.util.clock.RelativeClock;

/**
 * A table's watermark strategy without the watermark before all times, and without its idleness: see {@link Silence}.
 *
 * <p>Flink has a generator for each shard, and one more for the source as a whole, which never sees a record and would
 * emit just that one. For Flink it says that the task has something to wait for; and a task without shards would hold up
 * all others for ever.
 */
final class ShardWatermarks<T> implements WatermarkStrategy<T> {

    private static final long serialVersionUID = 1L;

    /** By this clock no generator becomes idle. */
    private static final RelativeClock STANDING =
            new RelativeClock() {
                @Override
                public long relativeTimeMillis() {
                    return 1;
                }

                @Override
                public long relativeTimeNanos() {
                    return 1;
                }
            };

    private final WatermarkStrategy<T> strategy;

    ShardWatermarks(WatermarkStrategy<T> strategy) {
        this.strategy = strategy;
    }

    @Override
    public WatermarkGenerator<T> createWatermarkGenerator(WatermarkGeneratorSupplier.Context context) {
        WatermarkGeneratorSupplier.Context standing =
                new WatermarkGeneratorSupplier.Context() {
                    @Override
                    public MetricGroup getMetricGroup() {
                        return context.getMetricGroup();
                    }

                    @Override
                    public RelativeClock getInputActivityClock() {
                        return STANDING;
                    }
                };
        return new Generator<>(strategy.createWatermarkGenerator(standing));
    }

    @Override
    public TimestampAssigner<T> createTimestampAssigner(TimestampAssignerSupplier.Context context) {
        return strategy.createTimestampAssigner(context);
    }

    @Override
    public WatermarkAlignmentParams getAlignmentParameters() {
        return strategy.getAlignmentParameters();
    }

    private static final class Generator<T> implements WatermarkGenerator<T>, WatermarkOutput {

        private final WatermarkGenerator<T> generator;
        private WatermarkOutput output;
        private long emitted = Long.MIN_VALUE;

        private Generator(WatermarkGenerator<T> generator) {
            this.generator = generator;
        }

        @Override
        public void onEvent(T event, long timestamp, WatermarkOutput to) {
            output = to;
            generator.onEvent(event, timestamp, this);
        }

        @Override
        public void onPeriodicEmit(WatermarkOutput to) {
            output = to;
            generator.onPeriodicEmit(this);
        }

        @Override
        public void emitWatermark(Watermark watermark) {
            // The same once more would have Flink take an idle shard for an active one.
            if (watermark.getTimestamp() > emitted) {
                emitted = watermark.getTimestamp();
                output.emitWatermark(watermark);
            }
        }

        @Override
        public void markIdle() {
            output.markIdle();
        }

        @Override
        public void markActive() {
            output.markActive();
        }
    }
}
