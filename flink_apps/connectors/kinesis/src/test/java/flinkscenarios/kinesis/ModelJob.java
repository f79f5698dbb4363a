package flinkscenarios.kinesis;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import java.util.function.IntFunction;
import org.apache.flink.api.connector.source.ReaderInfo;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.connector.source.SplitsAssignment;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.metrics.groups.SplitEnumeratorMetricGroup;
import org.apache.flink.table.data.RowData;

/**
 * The tasks of a job that reads a stream, with Flink's coordination of them in small: no threads, no clock, and chance
 * decides who goes on.
 *
 * <p>As in Flink, messages between two keep their order; a checkpoint takes the enumerator's state first, and what the
 * enumerator sends after it comes to a reader after the reader's; what was assigned since a checkpoint comes back when
 * the reader goes back to it.
 */
final class ModelJob {

    static final StreamReference STREAM =
            StreamReference.ofArn("arn:aws:kinesis:us-east-1:123456789012:stream/trips").orElseThrow();

    /** A row as it left a reader. */
    static final class Emitted {
        final int reader;
        final String text;

        Emitted(int reader, String text) {
            this.reader = reader;
            this.text = text;
        }
    }

    /** A completed checkpoint, in bytes as it would be stored. */
    private static final class Checkpoint {
        byte[] enumerator;
        int assignments;
        final Map<Integer, List<byte[]>> readers = new TreeMap<>();
    }

    private final class Task implements PollThreads {
        final int index;
        final ArrayDeque<Runnable> fromReader = new ArrayDeque<>();
        final ArrayDeque<Runnable> toReader = new ArrayDeque<>();
        final ArrayDeque<Runnable> afterBarrier = new ArrayDeque<>();
        final List<Runnable> polls = new ArrayList<>();
        boolean beforeBarrier;
        int starting;
        KinesisReader reader;
        ReaderOutput<RowData> output;

        Task(int index) {
            this.index = index;
        }

        void start(List<byte[]> state) throws Exception {
            RowDecoder decoder = new RowDecoder(new TextRows());
            decoder.open(null);
            reader =
                    new KinesisReader(
                            new TestReaderContext(index, event -> fromReader.add(() -> told(index, event))),
                            decoder,
                            stream,
                            (split, metrics) ->
                                    new ShardPoller(
                                            stream, split, pace(), metrics, new Silence(idleTimeout, () -> nanos)),
                            new ShardFetcher(this, 4),
                            STREAM,
                            new Silence(idleTimeout, () -> nanos));
            output = outputs.apply(index);
            List<ShardSplit> splits = new ArrayList<>();
            for (byte[] bytes : state) {
                splits.add(new ShardSplitSerializer().deserialize(1, bytes));
            }
            if (!splits.isEmpty()) {
                for (ShardSplit split : splits) {
                    output.createOutputForSplit(split.splitId());
                }
                reader.addSplits(splits);
            }
            fromReader.add(() -> {
                registered.put(index, new ReaderInfo(index, "host"));
                enumerator.addReader(index);
            });
            reader.start();
            starting = fromReader.size();
        }

        void send(Runnable message) {
            (beforeBarrier ? afterBarrier : toReader).add(message);
        }

        @Override
        public void run(Runnable work, long nanos) {
            polls.add(work);
        }

        @Override
        public void close() {
            polls.clear();
        }
    }

    private final Random random;
    private final ModelStream stream;
    private final boolean eventTime;
    private final IntFunction<ReaderOutput<RowData>> outputs;

    final List<String> committed = new ArrayList<>();
    final List<Emitted> pending = new ArrayList<>();
    int globalFailures;

    /** The idleness timeout of shards that are assigned from now on, and the time by which they are silent. */
    Duration idleTimeout = Duration.ZERO;
    long nanos;

    private KinesisEnumerator enumerator;
    private List<Task> tasks = new ArrayList<>();
    private final Map<Integer, ReaderInfo> registered = new HashMap<>();
    private final ArrayDeque<Runnable> enumeratorCalls = new ArrayDeque<>();
    private final List<Map.Entry<Integer, ShardSplit>> assignments = new ArrayList<>();
    private final List<Runnable> discovery = new ArrayList<>();
    private Checkpoint latest = new Checkpoint();

    /** @param outputs what a task emits to; null for {@link #pending} */
    ModelJob(
            Random random,
            ModelStream stream,
            int parallelism,
            boolean eventTime,
            IntFunction<ReaderOutput<RowData>> outputs)
            throws Exception {
        this.random = random;
        this.stream = stream;
        this.eventTime = eventTime;
        this.outputs =
                outputs != null
                        ? outputs
                        : task -> new TestOutput(text -> pending.add(new Emitted(task, text)));
        restart(parallelism);
    }

    /** All tasks go back to the latest checkpoint, at any parallelism. */
    void restart(int parallelism) throws Exception {
        for (Task task : tasks) {
            task.reader.close();
        }
        pending.clear();
        registered.clear();
        enumeratorCalls.clear();
        discovery.clear();
        assignments.clear();
        latest.assignments = 0;
        tasks = new ArrayList<>();
        EnumeratorState state =
                latest.enumerator == null
                        ? null
                        : new EnumeratorStateSerializer().deserialize(1, latest.enumerator);
        for (int i = 0; i < parallelism; i++) {
            tasks.add(new Task(i));
        }
        enumerator = new KinesisEnumerator(
                        new Context(), stream, STREAM.toString(), Position.OLDEST, 1, eventTime, state);
        enumerator.start();
        List<List<byte[]>> states = new ArrayList<>();
        tasks.forEach(task -> states.add(new ArrayList<>()));
        int next = 0;
        for (List<byte[]> splits : latest.readers.values()) {
            for (byte[] split : splits) {
                states.get(next++ % parallelism).add(split);
            }
        }
        // From now on this is the checkpoint that single tasks go back to.
        latest.readers.clear();
        for (Task task : tasks) {
            latest.readers.put(task.index, states.get(task.index));
            task.start(states.get(task.index));
        }
    }

    int parallelism() {
        return tasks.size();
    }

    /** One task fails, alone, and goes back; all do where that would not keep the order. */
    void failOne() throws Exception {
        Task failed = tasks.get(random.nextInt(tasks.size()));
        failed.reader.close();
        pending.removeIf(row -> row.reader == failed.index);
        registered.remove(failed.index);
        failed.beforeBarrier = false;
        failed.fromReader.clear();
        failed.afterBarrier.clear();
        failed.toReader.clear();
        List<ShardSplit> back = new ArrayList<>();
        for (int i = latest.assignments; i < assignments.size(); i++) {
            if (assignments.get(i).getKey() == failed.index) {
                back.add(assignments.get(i).getValue());
            }
        }
        for (int i = assignments.size() - 1; i >= latest.assignments; i--) {
            if (assignments.get(i).getKey() == failed.index) {
                assignments.remove(i);
            }
        }
        guarded(() -> {
            if (!back.isEmpty()) {
                enumerator.addSplitsBack(back, failed.index);
            }
            failed.start(latest.readers.getOrDefault(failed.index, List.of()));
        });
    }

    /** Takes a checkpoint and completes it, while all goes on between its parts. */
    void checkpoint() throws Exception {
        int failures = globalFailures;
        for (Task task : tasks) {
            // Only tasks that run take part, and what a task says while it starts comes before it runs.
            while (task.starting > 0 && globalFailures == failures) {
                task.starting--;
                guarded(() -> task.fromReader.poll().run());
            }
            if (globalFailures != failures) {
                return;
            }
        }
        Checkpoint checkpoint = new Checkpoint();
        checkpoint.enumerator = new EnumeratorStateSerializer().serialize(enumerator.snapshotState(1));
        checkpoint.assignments = assignments.size();
        List<Task> order = new ArrayList<>(tasks);
        Collections.shuffle(order, random);
        tasks.forEach(task -> task.beforeBarrier = true);
        Set<Emitted> rows = Collections.newSetFromMap(new IdentityHashMap<>());
        for (Task task : order) {
            for (int i = random.nextInt(10); i > 0; i--) {
                step();
                if (globalFailures != failures) {
                    return;
                }
            }
            while (!task.toReader.isEmpty()) {
                task.toReader.poll().run();
            }
            List<byte[]> splits = new ArrayList<>();
            for (ShardSplit split : task.reader.snapshotState(1)) {
                splits.add(new ShardSplitSerializer().serialize(split));
            }
            checkpoint.readers.put(task.index, splits);
            for (Emitted row : List.copyOf(pending)) {
                if (row.reader == task.index) {
                    rows.add(row);
                }
            }
            task.beforeBarrier = false;
            task.toReader.addAll(task.afterBarrier);
            task.afterBarrier.clear();
        }
        for (Emitted row : List.copyOf(pending)) {
            if (rows.contains(row)) {
                committed.add(row.text);
            }
        }
        pending.removeAll(rows);
        latest = checkpoint;
        for (Task task : tasks) {
            task.reader.notifyCheckpointComplete(1);
        }
    }

    /** Somebody goes on. */
    void step() throws Exception {
        Task task = tasks.get(random.nextInt(tasks.size()));
        switch (random.nextInt(6)) {
            case 0:
                if (!enumeratorCalls.isEmpty()) {
                    guarded(() -> enumeratorCalls.poll().run());
                }
                break;
            case 1:
                if (!task.fromReader.isEmpty()) {
                    task.starting--;
                    guarded(() -> task.fromReader.poll().run());
                }
                break;
            case 2:
                if (!task.toReader.isEmpty()) {
                    task.toReader.poll().run();
                }
                break;
            case 3:
                if (!task.polls.isEmpty()) {
                    task.polls.remove(random.nextInt(task.polls.size())).run();
                }
                break;
            default:
                task.reader.pollNext(task.output);
        }
    }

    /** Everybody goes on, each once with all that there is to do. */
    void pass() throws Exception {
        for (int calls = enumeratorCalls.size(); calls > 0 && !enumeratorCalls.isEmpty(); calls--) {
            guarded(() -> enumeratorCalls.poll().run());
        }
        int failures = globalFailures;
        for (Task task : List.copyOf(tasks)) {
            if (globalFailures != failures) {
                return;
            }
            while (!task.fromReader.isEmpty()) {
                task.starting--;
                guarded(() -> task.fromReader.poll().run());
                if (globalFailures != failures) {
                    return;
                }
            }
            while (!task.toReader.isEmpty()) {
                task.toReader.poll().run();
            }
            List<Runnable> polls = List.copyOf(task.polls);
            task.polls.clear();
            polls.forEach(Runnable::run);
            while (task.reader.pollNext(task.output) == InputStatus.MORE_AVAILABLE) {
                // One record a time.
            }
        }
    }

    /** It is time to look for shards. */
    void discover() {
        enumeratorCalls.addAll(discovery);
    }

    private interface Act {
        void run() throws Exception;
    }

    /** As Flink does: what the enumerator throws stops the whole job, which goes back. */
    private void guarded(Act act) throws Exception {
        try {
            act.run();
        } catch (IllegalStateException e) {
            if (!String.valueOf(e.getMessage()).contains("go back to the same checkpoint")) {
                throw e;
            }
            globalFailures++;
            restart(tasks.size());
        } catch (ServiceException e) {
            globalFailures++;
            restart(tasks.size());
        }
    }

    private void told(int task, SourceEvent event) {
        enumerator.handleSourceEvent(task, event);
    }

    private PollingPace pace() {
        return new PollingPace(1000, Duration.ofMillis(1), false, random::nextDouble);
    }

    /** What the enumerator sees of Flink. */
    private final class Context implements SplitEnumeratorContext<ShardSplit> {

        @Override
        public SplitEnumeratorMetricGroup metricGroup() {
            return null;
        }

        @Override
        public void sendEventToSourceReader(int task, SourceEvent event) {
            Task to = tasks.get(task);
            to.send(() -> to.reader.handleSourceEvents(event));
        }

        @Override
        public int currentParallelism() {
            return tasks.size();
        }

        @Override
        public Map<Integer, ReaderInfo> registeredReaders() {
            return registered;
        }

        @Override
        public void assignSplits(SplitsAssignment<ShardSplit> assignment) {
            assignment.assignment().forEach((index, splits) -> {
                Task task = tasks.get(index);
                splits.forEach(split -> assignments.add(Map.entry(index, split)));
                task.send(() -> {
                    splits.forEach(split -> task.output.createOutputForSplit(split.splitId()));
                    task.reader.addSplits(splits);
                });
            });
        }

        @Override
        public void signalNoMoreSplits(int task) {
            throw new UnsupportedOperationException();
        }

        @Override
        public <T> void callAsync(Callable<T> call, BiConsumer<T, Throwable> handler) {
            enumeratorCalls.add(() -> {
                T result = null;
                Throwable failure = null;
                try {
                    result = call.call();
                } catch (Exception e) {
                    failure = e;
                }
                handler.accept(result, failure);
            });
        }

        @Override
        public <T> void callAsync(Callable<T> call, BiConsumer<T, Throwable> handler, long delay, long period) {
            callAsync(call, handler);
            discovery.add(enumeratorCalls.peekLast());
        }

        @Override
        public void runInCoordinatorThread(Runnable work) {
            throw new UnsupportedOperationException();
        }
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
