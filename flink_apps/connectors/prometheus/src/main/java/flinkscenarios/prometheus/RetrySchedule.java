package flinkscenarios.prometheus;

import java.util.function.LongUnaryOperator;

/** How often a request is repeated, and after which pauses. */
final class RetrySchedule {

    private final int maxRetries;
    private final long initialMillis;
    private final long maxMillis;
    private final LongUnaryOperator chance;

    /**
     * A schedule of the options.
     *
     * @param chance draws a number from 0 to less than its argument
     */
    RetrySchedule(PrometheusOptions options, LongUnaryOperator chance) {
        this.maxRetries = options.maxRetryCount();
        this.initialMillis = options.initialRetryDelayMillis();
        this.maxMillis = options.maxRetryDelayMillis();
        this.chance = chance;
    }

    /** Whether to try again after this number of failed attempts. */
    boolean allowsAfter(int failedAttempts) {
        return failedAttempts <= maxRetries;
    }

    /**
     * The pause after this number of failed attempts: at most the first one, doubled each time up to the longest, and
     * at least half of that. Chance keeps many writers from coming back all at once.
     */
    long pauseMillis(int failedAttempts) {
        long doubled = initialMillis << Math.min(failedAttempts - 1, 30);
        long most = Math.min(doubled, maxMillis);
        return most / 2 + chance.applyAsLong(most - most / 2 + 1);
    }
}
