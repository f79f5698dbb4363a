package flinkscenarios.replaysource;

import java.time.Duration;

/**
 * Decides when the next watermark is due: an interval after the previous one, and only if its time is later.
 *
 * <p>The caller passes the present, in nanoseconds of a monotonic clock with any origin ({@link System#nanoTime()}).
 */
final class WatermarkSchedule {

    /** The delay of a watermark that is not due at all. */
    static final long NEVER = Long.MAX_VALUE;

    private final long intervalNanos;

    private long sentMillis = EpochMillis.NONE;
    private long sentNanos;

    /**
     * @param interval from one watermark to the next, in real time; zero for no watermarks
     */
    WatermarkSchedule(Duration interval, long nowNanos) {
        this.intervalNanos = interval.toNanos();
        this.sentNanos = nowNanos;
    }

    /** Nanoseconds until a watermark of {@code timeMillis} is due, negative after that, or {@link #NEVER}. */
    long nanosUntilDue(long timeMillis, long nowNanos) {
        return isLater(timeMillis) ? intervalNanos - (nowNanos - sentNanos) : NEVER;
    }

    /** Whether watermarks are sent, and the previous one has an earlier time than {@code timeMillis}. */
    boolean isLater(long timeMillis) {
        return intervalNanos > 0 && timeMillis > sentMillis;
    }

    /** Notes that a watermark was sent. */
    void sent(long timeMillis, long nowNanos) {
        sentMillis = timeMillis;
        sentNanos = nowNanos;
    }
}
