package flinkscenarios.tick;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource.NumberSequenceSplit;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;

/**
 * Reads the time line: one row per call while ticks are due, then a future that completes at the next one.
 *
 * <p>All methods run in the task's thread. Only the timer, which completes that future, has a thread of its own: the
 * JDK's shared one would keep the job's class loader alive after the job.
 */
final class TickReader implements SourceReader<RowData, NumberSequenceSplit> {

    private final TickOptions options;
    private final boolean withDue;
    private final SourceReaderContext context;
    private final LongSupplier clock;
    private final LongSupplier systemClock;
    private final ScheduledThreadPoolExecutor timer;

    private NumberSequenceSplit split;
    private TickSchedule schedule;
    private long anchorNanos;
    private long anchorMillis;
    private boolean noMoreSplits;
    private CompletableFuture<Void> available = new CompletableFuture<>();

    /**
     * @param nanoClock paces the ticks: monotonic nanoseconds with any origin
     * @param systemMillis is comparable after a restart: milliseconds since 1970
     */
    TickReader(
            TickOptions options,
            boolean withDue,
            SourceReaderContext context,
            LongSupplier nanoClock,
            LongSupplier systemMillis) {
        this.options = options;
        this.withDue = withDue;
        this.context = context;
        this.clock = nanoClock;
        this.systemClock = systemMillis;
        this.timer = new ScheduledThreadPoolExecutor(1, TickReader::timerThread);
    }

    private static Thread timerThread(Runnable work) {
        Thread thread = new Thread(work, "tick-timer");
        thread.setDaemon(true);
        return thread;
    }

    @Override
    public void start() {
        if (split == null) {
            context.sendSplitRequest();
        }
    }

    @Override
    public void addSplits(List<NumberSequenceSplit> splits) {
        if (splits.size() != 1 || split != null) {
            throw new IllegalStateException("a tick source must run at parallelism 1: there is one time line");
        }
        split = splits.get(0);
        available.complete(null);
    }

    @Override
    public void notifyNoMoreSplits() {
        noMoreSplits = true;
        available.complete(null);
    }

    @Override
    public InputStatus pollNext(ReaderOutput<RowData> output) {
        if (split == null) {
            return noMoreSplits ? InputStatus.END_OF_INPUT : InputStatus.NOTHING_AVAILABLE;
        }
        long now = clock.getAsLong();
        if (schedule == null) {
            // Anchored here, not in addSplits: the set-up of the task is not a delay to catch up.
            anchorNanos = now;
            anchorMillis = systemClock.getAsLong();
            schedule = new TickSchedule(options.interval(), options.catchUp(), split.from(), now - delayNanos());
        }
        if (finished()) {
            return InputStatus.END_OF_INPUT;
        }
        if (schedule.nanosUntilDue(now) > 0) {
            return waitUntilDue(now);
        }
        output.collect(row(now));
        schedule.advance(now);
        return InputStatus.MORE_AVAILABLE;
    }

    @Override
    public List<NumberSequenceSplit> snapshotState(long checkpointId) {
        if (split == null || schedule == null) {
            return split == null ? List.of() : List.of(split);
        }
        if (finished()) {
            return List.of();
        }
        long runningMillis = TimeUnit.NANOSECONDS.toMillis(schedule.nanosSinceStart(clock.getAsLong()));
        String splitId = SplitStart.splitId(systemClock.getAsLong() - runningMillis);
        return List.of(new NumberSequenceSplit(splitId, schedule.positionMillis(), split.to()));
    }

    @Override
    public CompletableFuture<Void> isAvailable() {
        return available;
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }

    /** How late the split starts: the duration of the restart, if the options make that a delay. */
    private long delayNanos() {
        if (!options.catchUpDowntime()) {
            return 0;
        }
        long delayMillis = Math.max(0, anchorMillis - SplitStart.of(split.splitId()).orElse(anchorMillis));
        return Math.min(TimeUnit.MILLISECONDS.toNanos(delayMillis), options.catchUp().toNanos());
    }

    private RowData row(long now) {
        if (!withDue) {
            return GenericRowData.of(schedule.positionMillis(), schedule.endMillis());
        }
        // From the system clock at the anchor: if that clock is set back later, no time may occur twice.
        long passed = now - anchorNanos + schedule.nanosUntilDue(now);
        long dueMillis = anchorMillis + passed / 1_000_000;
        return GenericRowData.of(schedule.positionMillis(), schedule.endMillis(), dueMillis);
    }

    private boolean finished() {
        return schedule.positionMillis() > split.to();
    }

    private InputStatus waitUntilDue(long now) {
        CompletableFuture<Void> due = new CompletableFuture<>();
        timer.schedule(() -> due.complete(null), schedule.nanosUntilDue(now), TimeUnit.NANOSECONDS);
        available = due;
        return InputStatus.NOTHING_AVAILABLE;
    }
}
