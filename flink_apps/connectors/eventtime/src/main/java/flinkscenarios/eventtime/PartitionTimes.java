package flinkscenarios.eventtime;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;

/**
 * The progress in event time of each partition, or shard, of a stream.
 *
 * <p>The parameters {@code now} and {@code started} are processing times, the others event times.
 */
final class PartitionTimes {

    private static final class Partition {
        private long latest;
        private long updated;
    }

    private final Map<Object, Partition> partitions = new HashMap<>();
    private final long idleTimeoutMillis;

    /** When the first record came; before that, when the job started. */
    private long started;

    /**
     * @param idleTimeoutMillis after how long without a record a partition is idle
     * @param started when the job started
     */
    PartitionTimes(long idleTimeoutMillis, long started) {
        this.idleTimeoutMillis = idleTimeoutMillis;
        this.started = started;
    }

    /** Records the event time of a record. */
    void add(Object partition, long time, long now) {
        Partition known = partitions.get(partition);
        if (known == null) {
            known = new Partition();
            known.latest = time;
            started = partitions.isEmpty() ? now : started;
            partitions.put(partition, known);
        }
        known.latest = Math.max(known.latest, time);
        known.updated = now;
    }

    /**
     * Returns the event time that all active partitions have reached. If all are idle, it is that of the furthest one.
     * It is empty while some partitions may still be unknown.
     */
    OptionalLong reached(long now) {
        if (isWaiting(now)) {
            return OptionalLong.empty();
        }
        OptionalLong slowest =
                partitions.values().stream()
                        .filter(partition -> !isTimedOut(partition.updated, now))
                        .mapToLong(partition -> partition.latest)
                        .min();
        return slowest.isPresent()
                ? slowest
                : partitions.values().stream().mapToLong(partition -> partition.latest).max();
    }

    /** Whether all partitions are idle. */
    boolean isIdle(long now) {
        return !isWaiting(now)
                && partitions.values().stream().allMatch(partition -> isTimedOut(partition.updated, now));
    }

    /** Whether other partitions may still appear: they have the idle timeout for it, from the first record on. */
    private boolean isWaiting(long now) {
        return !isTimedOut(started, now);
    }

    private boolean isTimedOut(long since, long now) {
        return now - since >= idleTimeoutMillis;
    }
}
