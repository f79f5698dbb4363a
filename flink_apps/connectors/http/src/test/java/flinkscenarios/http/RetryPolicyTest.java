package flinkscenarios.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongUnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RetryPolicyTest {

    private final List<Long> pauses = new ArrayList<>();
    private int sent;
    private int retried;

    private RetryPolicy policy(LongUnaryOperator random) {
        return new RetryPolicy(2, 30, 5000, random, pauses::add);
    }

    private List<Long> pausesAfter10Failures(LongUnaryOperator random) {
        return IntStream.rangeClosed(1, 10).mapToObj(policy(random)::pauseMillis).collect(Collectors.toList());
    }

    private int send(int failures) throws IOException, InterruptedException {
        return policy(below -> below - 1)
                .call(
                        () -> {
                            sent++;
                            if (sent <= failures) {
                                throw new RetryableException("failure " + sent);
                            }
                            return sent;
                        },
                        () -> retried++);
    }

    @Test
    void theLongestPausesDoubleFromTheInitialToTheLongestOne() {
        assertEquals(
                List.of(30L, 60L, 120L, 240L, 480L, 960L, 1920L, 3840L, 5000L, 5000L),
                pausesAfter10Failures(below -> below - 1));
    }

    @Test
    void theShortestPausesAreHalfOfThem() {
        assertEquals(
                List.of(15L, 30L, 60L, 120L, 240L, 480L, 960L, 1920L, 2500L, 2500L),
                pausesAfter10Failures(below -> 0));
    }

    @Test
    void aPauseAfterManyAttemptsIsStillTheLongest() {
        assertEquals(5000, policy(below -> below - 1).pauseMillis(Integer.MAX_VALUE));
    }

    @Test
    void asManyRetriesAreMadeAsAreAllowed() throws Exception {
        assertEquals(3, send(2));
        assertEquals(2, retried);
        assertEquals(List.of(30L, 60L), pauses);
    }

    @Test
    void theLastFailureIsReportedWithTheNumberOfAttempts() {
        RetriesExhaustedException exhausted = assertThrows(RetriesExhaustedException.class, () -> send(3));
        assertEquals("failure 3", exhausted.getMessage());
        assertEquals(3, exhausted.attempts());
        assertInstanceOf(RetryableException.class, exhausted.getCause());
        assertEquals(2, retried);
    }

    @Test
    void whatIsNotRetryableIsNotRepeated() {
        IOException failure = new IOException("no");
        RetryPolicy.Attempt<Void> attempt =
                () -> {
                    throw failure;
                };
        Runnable onRetry = () -> retried++;
        assertEquals(
                failure, assertThrows(IOException.class, () -> policy(below -> 0).call(attempt, onRetry)));
        assertEquals(0, retried);
    }
}
