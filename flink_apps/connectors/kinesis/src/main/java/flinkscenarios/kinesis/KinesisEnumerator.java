package flinkscenarios.kinesis;

import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.annotation.Nullable;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.connector.source.SplitsAssignment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the stream's shards and gives them to the readers, in the order of the {@link ShardTracker}.
 *
 * <p>Shards are looked for at regular times, and at once when a shard has ended whose children nobody knows.
 * All methods run in one thread but for the calls of the service, which have another.
 *
 * <p>A checkpoint has the enumerator's part first and the readers' after it. So a reader may have ended a shard of which
 * the enumerator's part does not know it; the reader has such shards in its part and says so when it starts again.
 */
final class KinesisEnumerator implements SplitEnumerator<ShardSplit, EnumeratorState> {

    private static final Logger LOG = LoggerFactory.getLogger(KinesisEnumerator.class);

    private static final long LOOK_MILLIS = 1_000;

    private final SplitEnumeratorContext<ShardSplit> context;
    private final KinesisService service;
    private final String stream;
    private final Position initialPosition;
    private final long discoveryMillis;
    private final ShardTracker tracker;

    /** The readers that have told what they have. */
    private final Set<Integer> readers = new HashSet<>();

    private boolean discovered;
    private volatile boolean looking;

    /**
     * @param eventTime whether the table has watermarks
     * @param state what a checkpoint has, or null at the first start
     */
    KinesisEnumerator(
            SplitEnumeratorContext<ShardSplit> context,
            KinesisService service,
            String stream,
            Position initialPosition,
            long discoveryMillis,
            boolean eventTime,
            @Nullable EnumeratorState state) {
        this.context = context;
        this.service = service;
        this.stream = stream;
        this.discoveryMillis = discoveryMillis;
        this.tracker = new ShardTracker(eventTime);
        this.initialPosition = state == null ? initialPosition : state.initialPosition();
        if (state != null) {
            if (!state.stream().equals(stream)) {
                throw new IllegalStateException(
                        String.format(
                                "the stream must be the savepoint's, %s (got %s); give the table another name, so"
                                        + " that it begins anew",
                                state.stream(), stream));
            }
            tracker.restore(state.entries());
        }
    }

    @Override
    public void start() {
        context.callAsync(service::shards, this::listed, 0, discoveryMillis);
        context.callAsync(this::shardsIfLooking, this::childrenListed, LOOK_MILLIS, LOOK_MILLIS);
    }

    @Override
    public void addReader(int subtask) {
        // It has yet to tell what it has: see handleSourceEvent.
        readers.remove(subtask);
    }

    @Override
    public void handleSourceEvent(int subtask, SourceEvent event) {
        if (event instanceof Events.Holdings) {
            Events.Holdings holdings = (Events.Holdings) event;
            tracker.holds(subtask, holdings.reading, holdings.ended);
            readers.add(subtask);
            LOG.info("Reader {} has {} and, ended, {}", subtask, holdings.reading, holdings.ended);
        } else if (event instanceof Events.Ended) {
            String shard = ((Events.Ended) event).shard;
            LOG.info("Reader {} has come to the end of {}", subtask, shard);
            tracker.ended(shard, subtask);
            lookForChildren();
        } else {
            throw new IllegalArgumentException("an event of another source: " + event);
        }
        proceed();
    }

    @Override
    public void addSplitsBack(List<ShardSplit> splits, int subtask) {
        splits.forEach(tracker::returned);
        proceed();
    }

    @Override
    public void handleSplitRequest(int subtask, @Nullable String host) {
        // Readers get their shards without asking.
    }

    @Override
    public EnumeratorState snapshotState(long checkpointId) {
        return new EnumeratorState(stream, initialPosition, tracker.entries());
    }

    @Override
    public void close() throws IOException {
        service.close();
    }

    private void lookForChildren() {
        if (!looking && tracker.missesChildren()) {
            looking = true;
            context.callAsync(service::shards, this::childrenListed);
        }
    }

    /** For a look that failed, or came too early; runs in the thread of calls. */
    @Nullable
    private List<Shard> shardsIfLooking() {
        return looking ? service.shards() : null;
    }

    private void childrenListed(@Nullable List<Shard> shards, @Nullable Throwable failure) {
        if (shards != null || failure != null) {
            listed(shards, failure);
            looking = tracker.missesChildren();
        }
    }

    private void listed(@Nullable List<Shard> shards, @Nullable Throwable failure) {
        if (failure != null) {
            boolean passes = failure instanceof ServiceException && ((ServiceException) failure).kind().passes();
            if (passes && discovered) {
                // What is read now is read on; the next look is soon.
                LOG.warn("Shards could not be listed: {}", failure.getMessage());
                return;
            }
            throw failure instanceof RuntimeException ? (RuntimeException) failure : new RuntimeException(failure);
        }
        discovered = true;
        for (String lost : tracker.listed(shards, initialPosition)) {
            LOG.warn("The shard {} of {} was dropped by the stream before it was read", lost, stream);
        }
        proceed();
    }

    /** Assigns and releases what can be: once all readers are there, as the first ones would get all shards. */
    private void proceed() {
        if (!discovered
                || readers.size() < context.currentParallelism()
                || !context.registeredReaders().keySet().containsAll(readers)) {
            return;
        }
        Map<Integer, List<ShardSplit>> assignment = tracker.assign(readers);
        if (!assignment.isEmpty()) {
            LOG.info("Shards for readers: {}", assignment);
            context.assignSplits(new SplitsAssignment<>(assignment));
        }
        // After the children: their reader has them before it lets a parent go.
        tracker.release()
                .forEach((reader, shards) -> context.sendEventToSourceReader(reader, new Events.Release(shards)));
        tracker.idle(readers).forEach(reader -> context.sendEventToSourceReader(reader, new Events.NoShards()));
    }
}
