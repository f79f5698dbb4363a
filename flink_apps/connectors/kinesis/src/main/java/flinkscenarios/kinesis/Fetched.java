package flinkscenarios.kinesis;

import java.util.List;

/** What one call for a shard's records gave. */
final class Fetched {

    private final String shardId;
    private final List<UserRecord> records;
    private final boolean ended;
    private final boolean idle;
    private final long waitNanos;

    Fetched(String shardId, List<UserRecord> records, boolean ended, boolean idle, long waitNanos) {
        this.shardId = shardId;
        this.records = records;
        this.ended = ended;
        this.idle = idle;
        this.waitNanos = waitNanos;
    }

    String shardId() {
        return shardId;
    }

    List<UserRecord> records() {
        return records;
    }

    /** Whether the shard is closed, and these were the last. */
    boolean ended() {
        return ended;
    }

    /** Whether the shard has been silent for as long as event time waits for it. */
    boolean idle() {
        return idle;
    }

    /** Nanoseconds from the start of this call to that of the next one. */
    long waitNanos() {
        return waitNanos;
    }

    /** Whether the reader has nothing to do with it. */
    boolean isNothing() {
        return records.isEmpty() && !ended && !idle;
    }
}
