package flinkscenarios.eventtime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.streaming.api.functions.source.RichParallelSourceFunction;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.util.Collector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A task of the source that was idle comes back with a row of long ago, when the windows are far ahead. */
@Timeout(60)
@SuppressWarnings("deprecation") // of sources that are as short as this one
class AlignedTimeTest {

    private static final long LONG_AGO = 50;
    private static final long NOW = 100;

    private static final ConcurrentLinkedQueue<Long> REFUSED = new ConcurrentLinkedQueue<>();
    private static final ConcurrentLinkedQueue<Long> DROPPED = new ConcurrentLinkedQueue<>();
    private static volatile CountDownLatch ahead = new CountDownLatch(1);

    @Test
    void aTaskThatKnowsOnlyItsOwnShardsPassesWhatTheWindowsDrop() throws Exception {
        run(false);
        assertEquals("[] refused, [50] dropped", REFUSED + " refused, " + DROPPED + " dropped");
    }

    @Test
    void whatTheWindowsWouldDropIsRefusedBefore() throws Exception {
        run(true);
        assertEquals("[50] refused, [] dropped", REFUSED + " refused, " + DROPPED + " dropped");
    }

    private static void run(boolean aligned) throws Exception {
        REFUSED.clear();
        DROPPED.clear();
        ahead = new CountDownLatch(1);
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(2);
        DataStream<Long> rows = environment.addSource(new TwoTasks());
        DataStream<Long> checked = (aligned ? EventTime.aligned(rows) : rows).process(new RefuseLate());
        checked.keyBy(row -> 0, Types.INT).process(new Window()).setParallelism(1).print();
        environment.execute();
    }

    /** The first task is idle until the windows are ahead. */
    private static final class TwoTasks extends RichParallelSourceFunction<Long> {
        private static final long serialVersionUID = 1L;

        @Override
        public void run(SourceContext<Long> context) throws Exception {
            if (getRuntimeContext().getTaskInfo().getIndexOfThisSubtask() == 0) {
                context.markAsTemporarilyIdle();
                ahead.await();
                context.collectWithTimestamp(LONG_AGO, LONG_AGO);
                context.emitWatermark(new Watermark(LONG_AGO));
            } else {
                context.collectWithTimestamp(NOW, NOW);
                context.emitWatermark(new Watermark(NOW));
                ahead.await();
            }
        }

        @Override
        public void cancel() {}
    }

    private static final class RefuseLate extends ProcessFunction<Long, Long> {
        private static final long serialVersionUID = 1L;

        @Override
        public void processElement(Long row, Context context, Collector<Long> out) {
            if (row <= context.timerService().currentWatermark()) {
                REFUSED.add(row);
            } else {
                out.collect(row);
            }
        }
    }

    private static final class Window extends KeyedProcessFunction<Integer, Long, Long> {
        private static final long serialVersionUID = 1L;

        @Override
        public void processElement(Long row, Context context, Collector<Long> out) {
            if (row <= context.timerService().currentWatermark()) {
                DROPPED.add(row);
            }
            context.timerService().registerEventTimeTimer(NOW);
        }

        @Override
        public void onTimer(long time, OnTimerContext context, Collector<Long> out) {
            ahead.countDown();
        }
    }
}
