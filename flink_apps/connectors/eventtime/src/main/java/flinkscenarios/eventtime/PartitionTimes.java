package flinkscenarios.eventtime;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;

/**
 * How far the parts of a stream are: shards, or partitions, of which one may be read long before another.
 *
 * <p>All clocks are of one kind, whichever; event times are another kind.
 */
final class PartitionTimes {

    private static final class Partition {
        private long latest;
        private long heard;
    }

    private final Map<Object, Partition> partitions = new HashMap<>();
    private final long idleMillis;

    /** When the first record came; before that, when it was begun to wait for one. */
    private long started;

    /**
     * @param idleMillis after how long without a record a partition is not waited for
     * @param started the clock: a record is waited for from then on
     */
    PartitionTimes(long idleMillis, long started) {
        this.idleMillis = idleMillis;
        this.started = started;
    }

    /** Takes the event time of a record. */
    void add(Object partition, long time, long now) {
        Partition known = partitions.get(partition);
        if (known == null) {
            known = new Partition();
            known.latest = time;
            started = partitions.isEmpty() ? now : started;
            partitions.put(partition, known);
        }
        known.latest = Math.max(known.latest, time);
        known.heard = now;
    }

    /**
     * The event time that every partition has reached which is not idle, or where all are, the one that is furthest; none
     * as long as some may be unknown.
     */
    OptionalLong reached(long now) {
        if (isWaiting(now)) {
            return OptionalLong.empty();
        }
        OptionalLong slowest =
                partitions.values().stream()
                        .filter(partition -> !isSilent(partition.heard, now))
                        .mapToLong(partition -> partition.latest)
                        .min();
        return slowest.isPresent()
                ? slowest
                : partitions.values().stream().mapToLong(partition -> partition.latest).max();
    }

    /** Whether there is nothing to wait for: no partition has had a record for so long. */
    boolean isIdle(long now) {
        return !isWaiting(now) && partitions.values().stream().allMatch(partition -> isSilent(partition.heard, now));
    }

    /** After the first record all partitions get the time to show that they are there: else it would set the time. */
    private boolean isWaiting(long now) {
        return !isSilent(started, now);
    }

    private boolean isSilent(long since, long now) {
        return now - since >= idleMillis;
    }
}
