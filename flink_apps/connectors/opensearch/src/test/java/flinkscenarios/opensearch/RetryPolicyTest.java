package flinkscenarios.opensearch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.SimpleCounter;
import org.junit.jupiter.api.Test;

class RetryPolicyTest {

    private final Counter retries = new SimpleCounter();
    private final RetryPolicy policy = new RetryPolicy(3, retries);

    @Test
    void pausesDoubleUpToTenSeconds() {
        long[] most = {50, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000};
        for (int failed = 1; failed <= most.length; failed++) {
            long pause = policy.pauseMillis(failed);
            assertTrue(pause >= most[failed - 1] / 2 && pause <= most[failed - 1], failed + ": " + pause);
        }
        assertTrue(policy.pauseMillis(1000) <= 10_000);
    }

    @Test
    void theLastAttemptIsTheLast() {
        assertTrue(policy.allowsAfter(1));
        assertTrue(policy.allowsAfter(2));
        assertFalse(policy.allowsAfter(3));
        assertEquals(2, retries.getCount());
    }
}
