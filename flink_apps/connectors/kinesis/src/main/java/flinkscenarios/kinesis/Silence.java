package flinkscenarios.kinesis;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * How long a shard has been silent: for how long its answers have said that nothing has come.
 *
 * <p>That alone makes a shard idle, so that event time does not wait for it. Time in which it could not be asked does not
 * count: while it is throttled, while the task cannot go on, while the process is stopped. Flink's own idleness counts
 * the time without records, and would take a shard that is read late for one that is silent.
 */
final class Silence {

    private static final long LONGEST_STEP_NANOS = Duration.ofSeconds(1).toNanos();

    private final long timeoutNanos;
    private final LongSupplier clock;

    private long asked;
    private long nanos;
    private boolean reported;

    /**
     * @param timeout zero for a shard that is waited for however long it is silent
     * @param clock nanoseconds of a monotonic clock
     */
    Silence(Duration timeout, LongSupplier clock) {
        this.timeoutNanos = timeout.toNanos();
        this.clock = clock;
        this.asked = clock.getAsLong();
    }

    /** Takes an answer with records, or of a shard that has some to come. */
    void broken() {
        unknown();
        nanos = 0;
        reported = false;
    }

    /** Takes a call without an answer. */
    void unknown() {
        asked = clock.getAsLong();
    }

    /** Takes an answer that nothing has come; returns whether the shard is idle from now on. */
    boolean lasts() {
        long now = clock.getAsLong();
        nanos += Math.min(now - asked, LONGEST_STEP_NANOS);
        asked = now;
        if (timeoutNanos == 0 || reported || nanos < timeoutNanos) {
            return false;
        }
        reported = true;
        return true;
    }
}
