package flinkscenarios.tick;

import java.time.Duration;

/**
 * Decides when the next tick is due, and which slice of the time line it is.
 *
 * <p>A tick is due when its slice has passed: the first one is due an interval after the anchor. A late caller catches
 * up on missed ticks one call after the other. If the delay exceeds {@code catchUp}, the schedule is shifted until it
 * is exactly that far behind. A shift skips time, but never a slice: the position moves only with a tick.
 *
 * <p>The caller passes the time, in nanoseconds of a monotonic clock with any origin ({@link System#nanoTime()}).
 * Instants are compared by their difference, because such a clock may overflow.
 */
final class TickSchedule {

    private final long intervalMillis;
    private final long intervalNanos;
    private final long catchUpNanos;

    private long positionMillis;
    private long dueNanos;

    /**
     * @param interval length of a slice, whole milliseconds
     * @param catchUp how far the schedule may be behind
     * @param positionMillis where the first slice starts: 0, or the position of a checkpoint
     * @param anchorNanos the instant at which the first slice starts; in the past if there is a delay to catch up on
     */
    TickSchedule(Duration interval, Duration catchUp, long positionMillis, long anchorNanos) {
        this.intervalMillis = interval.toMillis();
        this.intervalNanos = interval.toNanos();
        this.catchUpNanos = catchUp.toNanos();
        this.positionMillis = positionMillis;
        this.dueNanos = anchorNanos + intervalNanos;
    }

    /** Start of the next slice in milliseconds of the time line; its end is one interval later. */
    long positionMillis() {
        return positionMillis;
    }

    /** End of the next slice in milliseconds of the time line. */
    long endMillis() {
        return positionMillis + intervalMillis;
    }

    /** Nanoseconds for which the next slice has been running; more than an interval when its tick is late. */
    long nanosSinceStart(long nowNanos) {
        return nowNanos - (dueNanos - intervalNanos);
    }

    /** Nanoseconds until the next tick is due; zero or less when it is. */
    long nanosUntilDue(long nowNanos) {
        return dueNanos - nowNanos;
    }

    /** Moves past the next slice, which must be due, to the one after it. */
    void advance(long nowNanos) {
        if (nowNanos - dueNanos > catchUpNanos) {
            dueNanos = nowNanos - catchUpNanos;
        }
        dueNanos += intervalNanos;
        positionMillis += intervalMillis;
    }
}
