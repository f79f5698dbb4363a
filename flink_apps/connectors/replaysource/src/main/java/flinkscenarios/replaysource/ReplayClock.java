package flinkscenarios.replaysource;

/**
 * Computes when a time of the past is due again, {@code speedup} times as fast as it once passed.
 *
 * <p>The caller passes the present, in nanoseconds of a monotonic clock with any origin ({@link System#nanoTime()}).
 */
final class ReplayClock {

    private static final double NANOS_PER_MILLI = 1e6;

    private final double speedup;

    private boolean started;
    private long anchorMillis;
    private long anchorNanos;

    ReplayClock(double speedup) {
        this.speedup = speedup;
    }

    boolean started() {
        return started;
    }

    /** Makes {@code positionMillis} of the time line due now. */
    void start(long positionMillis, long nowNanos) {
        started = true;
        anchorMillis = positionMillis;
        anchorNanos = nowNanos;
    }

    /** Nanoseconds until a time, in epoch milliseconds, is due; negative after that. */
    long nanosUntilDue(long timeMillis, long nowNanos) {
        // As doubles: a time that is garbage must not overflow into one that is due.
        double ahead = ((double) timeMillis - anchorMillis) * NANOS_PER_MILLI / speedup;
        return (long) (ahead - (nowNanos - anchorNanos));
    }

    /** Where the time line is now, in epoch milliseconds. */
    long positionMillis(long nowNanos) {
        return anchorMillis + (long) ((nowNanos - anchorNanos) * speedup / NANOS_PER_MILLI);
    }
}
