package flinkscenarios.kinesis;

import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.kinesis.model.Record;

/**
 * Gets the records of one shard, call by call; each call is made by one thread at a time, whichever.
 *
 * <p>What has been got is ahead of what has been emitted: its position is its own, and begins with the split's.
 */
final class ShardPoller {

    private static final Logger LOG = LoggerFactory.getLogger(ShardPoller.class);

    /** After about five minutes without any answer a job had better fail than look well. */
    private static final int MOST_FAILURES = 40;

    private final KinesisService service;
    private final Shard shard;
    private final PollingPace pace;
    private final ShardMetrics metrics;
    private final Silence silence;

    /** Before this the shard's records are not wanted; not every emulator finds the first one by itself. */
    private final long since;

    private Position position;
    private String iterator;

    private volatile boolean paused;

    ShardPoller(
            KinesisService service, ShardSplit split, PollingPace pace, ShardMetrics metrics, Silence silence) {
        this.service = service;
        this.shard = split.shard();
        this.position = split.position();
        this.since = position.kind() == Position.Kind.SINCE ? position.number() : Long.MIN_VALUE;
        this.pace = pace;
        this.metrics = metrics;
        this.silence = silence;
    }

    boolean isPaused() {
        return paused;
    }

    void pause(boolean pause) {
        paused = pause;
    }

    /**
     * Calls the service once, or twice where it needs an iterator.
     *
     * @throws ServiceException if time does not heal it
     */
    Fetched poll() {
        try {
            if (iterator == null) {
                iterator = service.iterator(shard.id(), position);
            }
            return take(service.records(iterator, pace.limit()));
        } catch (ServiceException e) {
            return recover(e);
        }
    }

    private Fetched take(KinesisService.Page page) {
        List<Record> records = page.records();
        List<UserRecord> userRecords = new ArrayList<>(records.size());
        long bytes = 0;
        for (Record record : records) {
            bytes += record.data().asByteArrayUnsafe().length;
            add(record, userRecords);
        }
        if (!records.isEmpty()) {
            position = Position.after(records.get(records.size() - 1).sequenceNumber());
        }
        iterator = page.next();
        long wait = pace.afterRecords(records.size(), bytes);
        metrics.fetched(records.size(), userRecords.size(), pace.recordBytes(), page.millisBehindLatest());
        return new Fetched(shard.id(), userRecords, page.next() == null, isIdleFrom(page), wait);
    }

    private boolean isIdleFrom(KinesisService.Page page) {
        if (page.records().isEmpty() && page.millisBehindLatest() == 0) {
            return silence.lasts();
        }
        silence.broken();
        return false;
    }

    private void add(Record record, List<UserRecord> to) {
        byte[] data = record.data().asByteArrayUnsafe();
        long arrival = record.approximateArrivalTimestamp().toEpochMilli();
        if (arrival < since) {
            return;
        }
        List<AggregatedRecord.Part> parts = AggregatedRecord.parts(data);
        if (parts == null) {
            to.add(new UserRecord(data, record.partitionKey(), record.sequenceNumber(), 0, true, arrival));
            return;
        }
        for (int i = 0; i < parts.size(); i++) {
            AggregatedRecord.Part part = parts.get(i);
            // A producer that knew other shards sends those again that came into a wrong one, and counts on this.
            if (shard.takes(part.hashKey()) && !position.covers(record.sequenceNumber(), i)) {
                boolean last = i == parts.size() - 1;
                to.add(new UserRecord(part.data, part.partitionKey, record.sequenceNumber(), i, last, arrival));
            }
        }
    }

    private Fetched recover(ServiceException e) {
        silence.unknown();
        switch (e.kind()) {
            case THROTTLED:
                metrics.throttled();
                return nothing(pace.afterFailure());
            case UNAVAILABLE:
                LOG.warn("The shard {} cannot be read for the moment: {}", shard.id(), e.getMessage());
                if (pace.failures() >= MOST_FAILURES) {
                    throw e;
                }
                return nothing(pace.afterFailure());
            case EXPIRED_ITERATOR:
                metrics.iteratorExpired();
                iterator = null;
                return nothing(0);
            case NO_POSITION:
                return withoutPosition(e);
            case NOT_FOUND:
                // The enumerator looks for the shard's children now. If it is the stream that is gone, it says so.
                LOG.warn("The shard {} was dropped by the stream before it was read on {}", shard, position);
                metrics.positionTrimmed();
                return new Fetched(shard.id(), List.of(), true, false, 0);
            default:
                throw e;
        }
    }

    private Fetched withoutPosition(ServiceException e) {
        if (position.kind() == Position.Kind.SINCE) {
            // A time that is yet to come where the clock of the service is behind this one's.
            if (pace.failures() >= MOST_FAILURES) {
                throw e;
            }
            return nothing(pace.afterFailure());
        }
        if (position.kind() == Position.Kind.OLDEST) {
            throw e;
        }
        LOG.warn("The stream has dropped the position {} of {}: it is read from the oldest record", position, shard);
        metrics.positionTrimmed();
        position = Position.OLDEST;
        iterator = null;
        return nothing(0);
    }

    private Fetched nothing(long wait) {
        return new Fetched(shard.id(), List.of(), false, false, wait);
    }
}
