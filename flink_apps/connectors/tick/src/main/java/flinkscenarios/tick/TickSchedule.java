package flinkscenarios.tick;

import java.time.Duration;

/**
 * Decides when the next tick is due, and which slice of the time line it is.
 *
 * <p>A tick is due when its slice has passed: the first one an interval after the anchor. A late caller makes up for
 * missed ticks one call after the other, but never for more than {@code catchUp}: the schedule slides until it is exactly
 * that far behind. The position moves only with a tick, so sliding costs time, never a slice.
 *
 * <p>Time is passed in, as nanoseconds of a monotonic clock with any origin ({@link System#nanoTime()}); instants are
 * compared by their difference, because such a clock may overflow.
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
     * @param positionMillis where the first slice starts: 0, or what a checkpoint kept
     * @param anchorNanos the instant that the first slice starts at; in the past where there is a delay to make up for
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
