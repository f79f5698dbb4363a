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
 * <p>All methods run in the task's thread; only the timer, whose sole deed is to complete that future, has its own. It is
 * not the JDK's shared one, which would keep the job's class loader alive after the job.
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
     * @param systemMillis outlasts the process: milliseconds since 1970
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
            // Anchored here, not in addSplits: what the task still had to set up is not a delay to make up for.
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
        String appointment = Appointment.at(systemClock.getAsLong() - runningMillis);
        return List.of(new NumberSequenceSplit(appointment, schedule.positionMillis(), split.to()));
    }

    @Override
    public CompletableFuture<Void> isAvailable() {
        return available;
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }

    /** How late the split is at the anchor: what a restart took, where that counts. */
    private long delayNanos() {
        if (!options.catchUpDowntime()) {
            return 0;
        }
        long delayMillis = Math.max(0, anchorMillis - Appointment.of(split.splitId()).orElse(anchorMillis));
        return Math.min(TimeUnit.MILLISECONDS.toNanos(delayMillis), options.catchUp().toNanos());
    }

    private RowData row(long now) {
        if (!withDue) {
            return GenericRowData.of(schedule.positionMillis(), schedule.endMillis());
        }
        // By the system clock as it was at the anchor: one that is set back would give a time a second time.
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
