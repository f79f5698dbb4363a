package flinkscenarios.http;

import java.io.IOException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongUnaryOperator;

/**
 * Repeats a request while it may succeed later: after pauses that double, up to a longest one. Each pause is shortened
 * at random, to at least a half, so that many writers do not come back all at once. Thread-safe.
 */
public final class RetryPolicy {

    /** Sends a request once. */
    @FunctionalInterface
    public interface Attempt<T> {

        /**
         * Returns the result.
         *
         * @throws RetryableException it may succeed later
         * @throws IOException it will not succeed
         */
        T send() throws IOException, InterruptedException;
    }

    /** Lets time pass. */
    @FunctionalInterface
    public interface Sleeper {
        void sleep(long millis) throws InterruptedException;
    }

    private static final int MAX_DOUBLINGS = 30;

    private final int maxRetries;
    private final long initialMillis;
    private final long maxMillis;
    private final LongUnaryOperator random;
    private final Sleeper sleeper;

    /**
     * A policy that sleeps between two attempts.
     *
     * @param maxRetries attempts after the first one
     * @param initialMillis the longest first pause
     * @param maxMillis the longest pause
     */
    public RetryPolicy(int maxRetries, long initialMillis, long maxMillis) {
        this(
                maxRetries,
                initialMillis,
                maxMillis,
                below -> ThreadLocalRandom.current().nextLong(below),
                Thread::sleep);
    }

    /**
     * A policy for tests.
     *
     * @param random draws a number from 0 to less than its argument
     * @param sleeper is called with each pause
     */
    public RetryPolicy(
            int maxRetries, long initialMillis, long maxMillis, LongUnaryOperator random, Sleeper sleeper) {
        this.maxRetries = maxRetries;
        this.initialMillis = initialMillis;
        this.maxMillis = maxMillis;
        this.random = random;
        this.sleeper = sleeper;
    }

    /**
     * Makes attempts until one returns, and gives its result.
     *
     * @param onRetry is called before each pause
     * @throws RetriesExhaustedException the last attempt that is allowed failed, too
     * @throws IOException an attempt failed for good
     */
    public <T> T call(Attempt<T> attempt, Runnable onRetry) throws IOException, InterruptedException {
        for (int failed = 1; ; failed++) {
            try {
                return attempt.send();
            } catch (RetryableException e) {
                if (failed > maxRetries) {
                    throw new RetriesExhaustedException(failed, e);
                }
                onRetry.run();
                sleeper.sleep(pauseMillis(failed));
            }
        }
    }

    /** The pause after this number of failed attempts. */
    long pauseMillis(int failedAttempts) {
        long doubled = initialMillis << Math.min(failedAttempts - 1, MAX_DOUBLINGS);
        long longest = Math.min(doubled, maxMillis);
        return longest / 2 + random.applyAsLong(longest - longest / 2 + 1);
    }
}
