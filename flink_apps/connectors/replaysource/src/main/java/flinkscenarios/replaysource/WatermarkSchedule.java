package flinkscenarios.replaysource;

import java.time.Duration;

/**
 * Tells when the next watermark is to be sent: an interval after the one before, and only if it says something new.
 *
 * <p>The present is passed in, as nanoseconds of a monotonic clock with any origin ({@link System#nanoTime()}).
 */
final class WatermarkSchedule {

    /** Stands for a watermark that is not to be sent as things are. */
    static final long NEVER = Long.MAX_VALUE;

    private final long intervalNanos;

    private long sentMillis = EpochMillis.NONE;
    private long sentNanos;

    /**
     * @param interval from one watermark to the next, of real time; zero for none at all
     */
    WatermarkSchedule(Duration interval, long nowNanos) {
        this.intervalNanos = interval.toNanos();
        this.sentNanos = nowNanos;
    }

    /** Nanoseconds until a watermark of {@code timeMillis} is due, negative when it has been, or {@link #NEVER}. */
    long nanosUntilDue(long timeMillis, long nowNanos) {
        return isNews(timeMillis) ? intervalNanos - (nowNanos - sentNanos) : NEVER;
    }

    /** Whether watermarks are sent, and the one before was of an earlier time than {@code timeMillis}. */
    boolean isNews(long timeMillis) {
        return intervalNanos > 0 && timeMillis > sentMillis;
    }

    /** Notes that a watermark was sent. */
    void sent(long timeMillis, long nowNanos) {
        sentMillis = timeMillis;
        sentNanos = nowNanos;
    }
}
