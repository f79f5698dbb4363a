package flinkscenarios.kinesis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.table.data.RowData;
import org.junit.jupiter.api.Test;

/** Event time while shards are split and merged, with Flink's own watermarks; the times of a shard's records only grow. */
class EventTimeTest {

    private static final int SEQUENCES = 100;

    private static final WatermarkStrategy<RowData> BY_TEXT =
            WatermarkStrategy.<RowData>forMonotonousTimestamps()
                    .withTimestampAssigner((row, arrival) -> Long.parseLong(row.getString(0).toString()));

    /** A job, its stream, and where its rows go. */
    private static final class Run {
        final Random random;
        final ModelStream stream;
        final EventTimeTasks tasks;
        final ModelJob job;

        Run(long seed, int shards, int parallelism, WatermarkStrategy<RowData> strategy, boolean handover)
                throws Exception {
            random = new Random(seed);
            stream = new ModelStream(random, shards);
            tasks = new EventTimeTasks(parallelism, strategy);
            job = new ModelJob(random, stream, parallelism, handover, tasks::output);
        }

        /** Puts a record that is later than all of its shard. */
        void put(ModelStream.Log log, int further) {
            log.time += further;
            stream.put(log, String.valueOf(log.time));
        }

        void steps(int count) throws Exception {
            for (int i = 0; i < count; i++) {
                job.step();
                if (random.nextInt(10) == 0) {
                    tasks.tick(random.nextInt(job.parallelism()));
                }
            }
        }

        void seconds(int count) throws Exception {
            for (int i = 0; i < count; i++) {
                tasks.clock.millis += 1000;
                job.nanos += 1_000_000_000;
                settle();
            }
        }

        void settle() throws Exception {
            for (int i = 0; i < 100; i++) {
                job.discover();
                job.pass();
                for (int task = 0; task < job.parallelism(); task++) {
                    tasks.tick(task);
                }
            }
        }
    }

    private static Run random(long seed, WatermarkStrategy<RowData> strategy, boolean handover) throws Exception {
        Random random = new Random(seed);
        Run run = new Run(seed, 1 + random.nextInt(4), 1 + random.nextInt(5), strategy, handover);
        run.stream.open().forEach(log -> log.time = random.nextInt(10_000));
        for (int i = 0; i < 80; i++) {
            List<ModelStream.Log> open = run.stream.open();
            ModelStream.Log log = open.get(random.nextInt(open.size()));
            int chance = random.nextInt(20);
            if (chance < 16) {
                for (int records = random.nextInt(6); records > 0; records--) {
                    run.put(log, random.nextInt(500));
                }
            } else if (chance < 18 && open.size() < 10) {
                run.stream.split(log);
            } else if (chance == 18) {
                run.stream.merge(log);
            } else {
                run.job.discover();
            }
            run.steps(random.nextInt(40));
        }
        return run;
    }

    @Test
    void noRecordIsLateThatWouldHaveBeenInTimeWithoutResharding() throws Exception {
        int records = 0;
        for (int seed = 0; seed < SEQUENCES; seed++) {
            // A merge brings records of two shards into one order, and so may be late in that; splits may not.
            Run run = random(seed, new ShardWatermarks<>(BY_TEXT), true);
            run.settle();
            assertEquals(0, run.tasks.late, "seed " + seed);
            records += run.tasks.records;
        }
        assertTrue(records > SEQUENCES * 50, "records: " + records);
    }

    @Test
    void withoutTheHandoverSomeWouldBe() throws Exception {
        int late = 0;
        for (int seed = 0; seed < SEQUENCES; seed++) {
            Run run = random(seed, BY_TEXT, false);
            run.settle();
            late += run.tasks.late;
        }
        assertTrue(late > SEQUENCES, "late: " + late);
    }

    @Test
    void timeComesToWhatTheSlowestOpenShardHasReached() throws Exception {
        for (int seed = 0; seed < SEQUENCES; seed++) {
            Run run = random(seed, new ShardWatermarks<>(BY_TEXT), true);
            for (ModelStream.Log log : run.stream.open()) {
                run.put(log, 1_000_000 + log.shard.id().hashCode() % 1000);
            }
            run.settle();
            long slowest = run.stream.open().stream().mapToLong(log -> log.time).min().orElseThrow();
            assertEquals(slowest - 1, run.tasks.watermark, "seed " + seed);
        }
    }

    @Test
    void tasksWithoutShardsKeepNobodyBack() throws Exception {
        Run run = new Run(1, 1, 4, new ShardWatermarks<>(BY_TEXT), true);
        run.put(run.stream.open().get(0), 100);
        run.settle();
        assertEquals(99, run.tasks.watermark);
    }

    @Test
    void aTaskThatLosesItsOnlyShardKeepsNobodyBack() throws Exception {
        Run run = new Run(2, 2, 2, new ShardWatermarks<>(BY_TEXT), true);
        run.stream.open().forEach(log -> run.put(log, 100));
        run.settle();
        run.stream.merge(run.stream.open().get(0));
        run.put(run.stream.open().get(0), 400);
        run.settle();
        assertEquals(499, run.tasks.watermark);
    }

    @Test
    void childrenThatAreBehindTheOthersKeepTheTimeOfTheirParent() throws Exception {
        Run run = new Run(3, 2, 2, new ShardWatermarks<>(BY_TEXT), true);
        ModelStream.Log slow = run.stream.open().get(0);
        ModelStream.Log fast = run.stream.open().get(1);
        run.put(slow, 100);
        run.put(fast, 5000);
        run.settle();
        List<ModelStream.Log> children = run.stream.split(slow);
        run.put(children.get(0), 50);
        run.settle();
        // The one has come to 150; the other has not been heard of.
        assertEquals(99, run.tasks.watermark);
        run.put(children.get(1), 20);
        run.settle();
        assertEquals(119, run.tasks.watermark);
        assertEquals(0, run.tasks.late);
    }

    @Test
    void quietChildrenAreNotWaitedForLongerThanTheIdleTimeout() throws Exception {
        WatermarkStrategy<RowData> idle = BY_TEXT.withIdleness(Duration.ofSeconds(5));
        Run run = new Run(4, 2, 2, new ShardWatermarks<>(idle), true);
        run.job.idleTimeout = Duration.ofSeconds(5);
        ModelStream.Log slow = run.stream.open().get(0);
        ModelStream.Log fast = run.stream.open().get(1);
        run.put(slow, 100);
        run.put(fast, 5000);
        run.settle();
        run.stream.split(slow);
        run.settle();
        assertEquals(99, run.tasks.watermark);
        for (int second = 0; second < 12; second++) {
            run.tasks.clock.millis += 1000;
            run.job.nanos += 1_000_000_000;
            run.put(fast, 1);
            run.settle();
        }
        assertEquals(5011, run.tasks.watermark);
    }

    @Test
    void aShardThatFellSilentBecomesIdle() throws Exception {
        WatermarkStrategy<RowData> idle = BY_TEXT.withIdleness(Duration.ofSeconds(5));
        Run run = new Run(5, 2, 1, new ShardWatermarks<>(idle), true);
        run.job.idleTimeout = Duration.ofSeconds(5);
        run.put(run.stream.open().get(0), 100);
        run.put(run.stream.open().get(1), 5000);
        run.settle();
        assertEquals(99, run.tasks.watermark);
        for (int second = 0; second < 7; second++) {
            run.tasks.clock.millis += 1000;
            run.job.nanos += 1_000_000_000;
            run.put(run.stream.open().get(1), 1);
            run.settle();
        }
        assertEquals(5006, run.tasks.watermark);
    }

    @Test
    void afterASilenceTheFirstShardThatSpeaksWaitsForTheOthers() throws Exception {
        WatermarkStrategy<RowData> idle = BY_TEXT.withIdleness(Duration.ofSeconds(5));
        Run run = new Run(6, 2, 2, new ShardWatermarks<>(idle), true);
        run.job.idleTimeout = Duration.ofSeconds(5);
        run.job.restart(2);
        ModelStream.Log slow = run.stream.open().get(0);
        ModelStream.Log fast = run.stream.open().get(1);
        run.put(slow, 100);
        run.put(fast, 100);
        run.settle();
        run.seconds(8);
        run.put(fast, 10_000);
        run.settle();
        assertEquals(99, run.tasks.watermark);
        run.put(slow, 50);
        run.settle();
        assertEquals(0, run.tasks.late);
        for (int second = 0; second < 7; second++) {
            run.put(slow, 1);
            run.put(fast, 1);
            run.seconds(1);
        }
        assertEquals(156, run.tasks.watermark);
    }

    @Test
    void afterASilenceAShardThatSpeaksAloneIsNotHeldForEver() throws Exception {
        WatermarkStrategy<RowData> idle = BY_TEXT.withIdleness(Duration.ofSeconds(5));
        Run run = new Run(7, 2, 1, new ShardWatermarks<>(idle), true);
        run.job.idleTimeout = Duration.ofSeconds(5);
        run.job.restart(1);
        ModelStream.Log alone = run.stream.open().get(0);
        run.seconds(8);
        run.put(alone, 1_000);
        run.settle();
        assertEquals(Long.MIN_VALUE, run.tasks.watermark);
        // Nothing follows: it falls silent, and so does the waiting for others.
        run.seconds(8);
        assertEquals(999, run.tasks.watermark);
    }
}
