package flinkscenarios.replaysource;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.connector.file.src.FileSourceSplit;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.table.data.RowData;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads files ahead into a buffer until that is full, and releases each row when its time is due.
 *
 * <p>It releases a row only when the buffer is full or the files have ended: so the order of the rows depends on the
 * files alone, not on how fast they are read. Each call releases one row, and never waits: a checkpoint can happen at
 * any time. If a sink is too slow, rows are released later, and their lag grows.
 *
 * <p>A gap between two rows that is longer than a limit is skipped: otherwise a single row of a wrong year would halt the
 * replay. Rows of a later wrong year stay in the buffer until all others are released.
 *
 * <p>A watermark has the latest time that was released. No row in the buffer is earlier, and an earlier row that is
 * read later counts as out of order. One call releases all rows of a watermark, so that no checkpoint separates them.
 *
 * <p>The buffered rows are part of each checkpoint. A restored reader continues at the next row, and restarts the time
 * line there: it does not catch up on an outage or a lag with a burst.
 *
 * <p>All methods run in the task's thread. The timer only completes the future for which the task waits, and logs.
 */
@SuppressWarnings("try") // The reader of the files may throw anything when it is closed.
final class ReplayReader implements SourceReader<RowData, FileSourceSplit> {

    private static final Logger LOG = LoggerFactory.getLogger(ReplayReader.class);

    /** The shortest time for which a task sleeps: waking it up for single rows would cost more. */
    private static final long SHORTEST_WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private static final long RATE_WINDOW_SECONDS = 5;

    private final SourceReader<RowData, FileSourceSplit> files;
    private final ReplayOptions options;
    private final String origin;
    private final RowTime rowTime;
    private final MetadataColumns metadata;
    private final TypeSerializer<RowData> rows;
    private final DataOutputSerializer rowOut = new DataOutputSerializer(512);
    private final DataInputDeserializer rowIn = new DataInputDeserializer();
    private final LongSupplier nanoClock;
    private final ReplayStatistics statistics;
    private final ScheduledThreadPoolExecutor timer;
    private final ReplayClock clock;
    private final ReplayBuffer buffer;
    private final WatermarkSchedule watermarks;
    private final ReaderOutput<RowData> intake = new Intake();

    private long rowsRead;
    private long latestMillis = EpochMillis.NONE;
    private boolean filesEnded;
    private CompletableFuture<Void> available = CompletableFuture.completedFuture(null);

    ReplayReader(
            SourceReader<RowData, FileSourceSplit> files,
            ReplayOptions options,
            String origin,
            RowTime rowTime,
            MetadataColumns metadata,
            TypeSerializer<RowData> rows,
            ReplayStatistics statistics,
            LongSupplier nanoClock) {
        this.files = files;
        this.options = options;
        this.origin = origin;
        this.rowTime = rowTime;
        this.metadata = metadata;
        this.rows = rows;
        this.nanoClock = nanoClock;
        this.statistics = statistics;
        // Not the JDK's shared timer, which would keep the job's class loader alive after the job.
        this.timer = new ScheduledThreadPoolExecutor(1, ReplayReader::timerThread);
        this.clock = new ReplayClock(options.speedup());
        this.buffer = new ReplayBuffer(options.buffer());
        this.watermarks = new WatermarkSchedule(options.watermarkInterval(), nanoClock.getAsLong());
    }

    private static Thread timerThread(Runnable work) {
        Thread thread = new Thread(work, "replay-timer");
        thread.setDaemon(true);
        return thread;
    }

    @Override
    public void start() {
        files.start();
        timer.scheduleAtFixedRate(
                () -> statistics.sampleRate(nanoClock.getAsLong()),
                RATE_WINDOW_SECONDS,
                RATE_WINDOW_SECONDS,
                TimeUnit.SECONDS);
        long interval = options.statisticsInterval().toMillis();
        timer.scheduleAtFixedRate(this::report, interval, interval, TimeUnit.MILLISECONDS);
    }

    @Override
    public void addSplits(List<FileSourceSplit> splits) {
        List<FileSourceSplit> ofFiles = new ArrayList<>();
        for (FileSourceSplit split : splits) {
            if (split instanceof ReplayProgress) {
                restore((ReplayProgress) split);
            } else {
                ofFiles.add(split);
            }
        }
        if (!ofFiles.isEmpty()) {
            files.addSplits(ofFiles);
        }
    }

    @Override
    public void notifyNoMoreSplits() {
        files.notifyNoMoreSplits();
    }

    @Override
    public void handleSourceEvents(SourceEvent event) {
        files.handleSourceEvents(event);
    }

    @Override
    public InputStatus pollNext(ReaderOutput<RowData> output) throws Exception {
        if (!filesEnded && !buffer.isFull()) {
            InputStatus status = files.pollNext(intake);
            filesEnded = status == InputStatus.END_OF_INPUT;
            if (!filesEnded && !buffer.isFull()) {
                available = files.isAvailable();
                return status;
            }
        }
        if (buffer.isEmpty()) {
            return atEnd(output);
        }
        return releaseFirst(output);
    }

    @Override
    public CompletableFuture<Void> isAvailable() {
        return available;
    }

    @Override
    public List<FileSourceSplit> snapshotState(long checkpointId) {
        List<FileSourceSplit> splits = new ArrayList<>(files.snapshotState(checkpointId));
        splits.add(new ReplayProgress(origin, positionMillis(), latestMillis, rowsRead, buffer.entries()));
        return splits;
    }

    @Override
    public void notifyCheckpointComplete(long checkpointId) throws Exception {
        files.notifyCheckpointComplete(checkpointId);
    }

    @Override
    public void close() throws Exception {
        timer.shutdownNow();
        report();
        files.close();
    }

    private void restore(ReplayProgress progress) {
        if (!progress.origin.equals(origin)) {
            throw new IllegalStateException(
                    String.format(
                            "the state of a replay of %s must not be restored by one of %s;"
                                    + " set the properties as they were, or start without the state",
                            progress.origin, origin));
        }
        rowsRead = progress.rowsRead;
        latestMillis = progress.latestMillis;
        progress.buffered.forEach(buffer::add);
        if (progress.positionMillis != EpochMillis.NONE) {
            clock.start(progress.positionMillis, nanoClock.getAsLong());
        }
    }

    /** Where a restored reader's time line starts: at the present position, or at the next row if that is late. */
    private long positionMillis() {
        if (!clock.started()) {
            return EpochMillis.NONE;
        }
        long position = clock.positionMillis(nanoClock.getAsLong());
        for (ReplayBuffer.Entry entry : buffer.entries()) {
            if (entry.timed() && entry.timeMillis >= latestMillis) {
                position = Math.min(position, entry.timeMillis);
            }
        }
        return position;
    }

    private void take(RowData row) throws IOException {
        rowsRead++;
        long timeMillis = rowTime.of(row);
        if (timeMillis != EpochMillis.NONE && timeMillis < options.seekMillis()) {
            statistics.skipped();
        } else {
            buffer.add(new ReplayBuffer.Entry(timeMillis, rowsRead, serialized(row)));
        }
    }

    private byte[] serialized(RowData row) throws IOException {
        rowOut.clear();
        rows.serialize(row, rowOut);
        return rowOut.getCopyOfBuffer();
    }

    private InputStatus releaseFirst(ReaderOutput<RowData> output) throws IOException {
        ReplayBuffer.Entry first = buffer.first();
        if (!first.timed()) {
            statistics.releasedUntimed();
        } else if (first.timeMillis < latestMillis) {
            statistics.releasedOutOfOrder();
        } else {
            long now = nanoClock.getAsLong();
            if (!clock.started()) {
                clock.start(first.timeMillis, now);
            }
            long untilWatermark = watermarks.nanosUntilDue(latestMillis, now);
            if (untilWatermark <= 0) {
                return releaseWatermark(latestMillis, now, output);
            }
            long wait = clock.nanosUntilDue(first.timeMillis, now);
            if (isBehindGap(first)) {
                statistics.skippedGap();
                if (wait > 0) {
                    clock.start(first.timeMillis, now);
                    wait = 0;
                }
            }
            if (wait > 0) {
                return waitFor(Math.min(wait, untilWatermark));
            }
            latestMillis = first.timeMillis;
            statistics.released(first.timeMillis, -wait);
        }
        buffer.remove();
        rowIn.setBuffer(first.row);
        RowData row = rows.deserialize(rowIn);
        output.collect(metadata.withNumber(row, first.number));
        return InputStatus.MORE_AVAILABLE;
    }

    /** Whether no row has a time for longer than the limit before this one, as where one of the two has a wrong year. */
    private boolean isBehindGap(ReplayBuffer.Entry entry) {
        // As doubles: a time that is garbage must not overflow.
        double gapMillis = (double) entry.timeMillis - latestMillis;
        long limitMillis = options.gapLimit().toMillis();
        return limitMillis > 0 && latestMillis != EpochMillis.NONE && gapMillis > limitMillis;
    }

    private InputStatus releaseWatermark(long timeMillis, long now, ReaderOutput<RowData> output) {
        for (String key : options.watermarkKeys()) {
            output.collect(metadata.watermark(timeMillis, key));
        }
        watermarks.sent(timeMillis, now);
        statistics.releasedWatermarks(options.watermarkKeys().size());
        return InputStatus.MORE_AVAILABLE;
    }

    private InputStatus waitFor(long nanos) {
        CompletableFuture<Void> due = new CompletableFuture<>();
        timer.schedule(() -> due.complete(null), Math.max(nanos, SHORTEST_WAIT_NANOS), TimeUnit.NANOSECONDS);
        available = due;
        return InputStatus.NOTHING_AVAILABLE;
    }

    private InputStatus atEnd(ReaderOutput<RowData> output) throws IOException {
        if (rowsRead == 0) {
            statistics.requireColumns();
        }
        // No row follows, so the last watermark is after the last row.
        long end = latestMillis + 1;
        if (latestMillis != EpochMillis.NONE && watermarks.isLater(end)) {
            return releaseWatermark(end, nanoClock.getAsLong(), output);
        }
        if (options.endsWhenReplayed()) {
            return InputStatus.END_OF_INPUT;
        }
        available = new CompletableFuture<>();
        return InputStatus.NOTHING_AVAILABLE;
    }

    private void report() {
        LOG.info(statistics.report(nanoClock.getAsLong()));
    }

    /** Takes the rows of the files; their timestamps, watermarks and splits do not matter. */
    private final class Intake implements ReaderOutput<RowData> {

        @Override
        public void collect(RowData row) {
            try {
                take(row);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void collect(RowData row, long timestamp) {
            collect(row);
        }

        @Override
        public void emitWatermark(Watermark watermark) {}

        @Override
        public void markIdle() {}

        @Override
        public void markActive() {}

        @Override
        public SourceOutput<RowData> createOutputForSplit(String splitId) {
            return this;
        }

        @Override
        public void releaseOutputForSplit(String splitId) {}
    }
}
