package flinkscenarios.opensearch;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.flink.metrics.Counter;

/** How often something is tried again, and after which pause. Thread-safe. */
final class RetryPolicy {

    private static final Duration SHORTEST = Duration.ofMillis(50);
    private static final Duration LONGEST = Duration.ofSeconds(10);

    private final int maxAttempts;
    private final Counter retries;

    RetryPolicy(int maxAttempts, Counter retries) {
        this.maxAttempts = maxAttempts;
        this.retries = retries;
    }

    /** Whether to try again after this number of failed attempts; counts what it allows. */
    boolean allowsAfter(int failedAttempts) {
        if (failedAttempts >= maxAttempts) {
            return false;
        }
        retries.inc();
        return true;
    }

    /**
     * The pause after this number of failed attempts, in milliseconds: at most 50, 100, 200 … 10,000, at least half of
     * it. Chance keeps many writers from coming back all at once.
     */
    long pauseMillis(int failedAttempts) {
        long doubled = SHORTEST.toMillis() << Math.min(failedAttempts - 1, 20);
        long most = Math.min(doubled, LONGEST.toMillis());
        return ThreadLocalRandom.current().nextLong(most / 2, most + 1);
    }
}
