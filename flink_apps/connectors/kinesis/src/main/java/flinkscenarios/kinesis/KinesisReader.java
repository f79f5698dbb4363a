package flinkscenarios.kinesis;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import javax.annotation.Nullable;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.metrics.Counter;
import org.apache.flink.table.data.RowData;

/**
 * Reads shards: one record per call while there are any.
 *
 * <p>A position moves when a record has been emitted, and nothing else moves it: what a checkpoint has is exact, whoever
 * asks for it and whether or not the task is about to stop. What the fetcher has got beyond it is got again after a
 * restart.
 *
 * <p>It is not made of Flink's base class for readers: that lets a shard go as soon as it has been read to its end, and
 * has one thread for all calls. Here a shard stays, with its end in the checkpoint, until its children have readers: see
 * {@link ShardTracker}. All methods run in the task's thread.
 */
final class KinesisReader implements SourceReader<RowData, ShardSplit> {

    private static final CompletableFuture<Void> NOW = CompletableFuture.completedFuture(null);

    private final SourceReaderContext context;
    private final RowDecoder decoder;
    private final KinesisService service;
    private final BiFunction<ShardSplit, ShardMetrics, ShardPoller> pollers;
    private final StreamReference stream;
    private final ShardFetcher fetcher;
    private final ReaderLag lag;
    private final WakeUp wakeUp;
    private final Counter recordsIn;
    private final Counter bytesIn;

    /** By their ids: a checkpoint has them in an order that does not depend on chance. */
    private final Map<String, ShardReading> readings = new TreeMap<>();

    /** Shards that have been let go, and whose outputs have not. */
    private final List<String> released = new ArrayList<>();

    private boolean goesIdle;
    @Nullable private ShardReading current;
    @Nullable private Fetched page;
    @Nullable private Iterator<UserRecord> records;

    /**
     * @param service what {@code pollers} call; closed with the reader
     * @param fetcher closed with the reader
     * @param patience how long event time waits for the other shards when the first one speaks again
     */
    KinesisReader(
            SourceReaderContext context,
            RowDecoder decoder,
            KinesisService service,
            BiFunction<ShardSplit, ShardMetrics, ShardPoller> pollers,
            ShardFetcher fetcher,
            StreamReference stream,
            Silence patience) {
        this.context = context;
        this.decoder = decoder;
        this.service = service;
        this.pollers = pollers;
        this.fetcher = fetcher;
        this.stream = stream;
        this.wakeUp = new WakeUp(patience);
        this.lag = new ReaderLag(context.metricGroup(), stream);
        this.recordsIn = context.metricGroup().getIOMetricGroup().getNumRecordsInCounter();
        this.bytesIn = context.metricGroup().getIOMetricGroup().getNumBytesInCounter();
    }

    @Override
    public void start() {
        List<String> reading = new ArrayList<>();
        List<String> ended = new ArrayList<>();
        readings.forEach((id, shard) -> (shard.hasEnded() ? ended : reading).add(id));
        context.sendSourceEventToCoordinator(new Events.Holdings(reading, ended));
    }

    @Override
    public void addSplits(List<ShardSplit> splits) {
        for (ShardSplit split : splits) {
            ShardMetrics metrics = new ShardMetrics(context.metricGroup(), stream, split.splitId());
            ShardPoller poller = split.ended() ? null : pollers.apply(split, metrics);
            readings.put(split.splitId(), new ShardReading(split, poller, metrics));
            if (poller != null) {
                lag.add(metrics);
                fetcher.add(poller);
            }
        }
        goesIdle = false;
    }

    @Override
    public void handleSourceEvents(SourceEvent event) {
        if (event instanceof Events.Release) {
            ((Events.Release) event).shards.forEach(this::release);
        } else if (event instanceof Events.NoShards) {
            goesIdle = readings.isEmpty();
        } else {
            throw new IllegalArgumentException("an event of another source: " + event);
        }
        fetcher.wakeUp();
    }

    private void release(String id) {
        ShardReading reading = readings.remove(id);
        if (reading != null) {
            lag.remove(reading.metrics());
            reading.close();
            released.add(id);
        }
    }

    @Override
    public InputStatus pollNext(ReaderOutput<RowData> output) throws Exception {
        if (goesIdle || !released.isEmpty()) {
            prepare(output);
        }
        if (records == null && !nextPage(output)) {
            return InputStatus.NOTHING_AVAILABLE;
        }
        UserRecord record = records.next();
        recordsIn.inc();
        bytesIn.inc(record.data().length);
        if (current.isIdle() && othersAreIdle()) {
            wakeUp.begin(output);
        }
        current.emit(record, decoder);
        wakeUp.goOn(output);
        if (!records.hasNext()) {
            records = null;
            pageDone();
        }
        return InputStatus.MORE_AVAILABLE;
    }

    /** Does what has been put off until there is the task's output. */
    private void prepare(ReaderOutput<RowData> output) {
        for (String id : released) {
            // First idle, then gone: if it was the last one, Flink takes only the former for a task without shards.
            output.createOutputForSplit(id).markIdle();
            output.releaseOutputForSplit(id);
        }
        released.clear();
        if (goesIdle || readings.isEmpty()) {
            output.markIdle();
            goesIdle = false;
        }
    }

    private boolean nextPage(ReaderOutput<RowData> output) {
        for (page = fetcher.next(); page != null; page = fetcher.next()) {
            current = readings.get(page.shardId());
            current.open(output);
            if (page.idle()) {
                if (othersAreIdle()) {
                    wakeUp.end(output);
                }
                current.goIdle();
            }
            if (!page.records().isEmpty()) {
                records = page.records().iterator();
                return true;
            }
            pageDone();
        }
        return false;
    }

    private boolean othersAreIdle() {
        return readings.values().stream()
                .allMatch(reading -> reading == current || reading.isIdle() || reading.hasEnded());
    }

    private void pageDone() {
        if (page.ended()) {
            current.end();
            lag.remove(current.metrics());
            context.sendSourceEventToCoordinator(new Events.Ended(current.id()));
        }
    }

    @Override
    public List<ShardSplit> snapshotState(long checkpointId) {
        List<ShardSplit> splits = new ArrayList<>(readings.size());
        readings.values().forEach(reading -> splits.add(reading.state()));
        return splits;
    }

    @Override
    public CompletableFuture<Void> isAvailable() {
        return records != null || goesIdle || !released.isEmpty() ? NOW : fetcher.available();
    }

    @Override
    public void pauseOrResumeSplits(Collection<String> toPause, Collection<String> toResume) {
        toPause.forEach(id -> pause(id, true));
        toResume.forEach(id -> pause(id, false));
    }

    private void pause(String id, boolean pause) {
        ShardReading reading = readings.get(id);
        if (reading != null) { // Flink hears with the next row that a shard has been let go.
            reading.pause(pause);
        }
    }

    @Override
    public void notifyNoMoreSplits() {
        // A stream has no end.
    }

    @Override
    public void close() {
        fetcher.close();
        service.close();
    }
}
