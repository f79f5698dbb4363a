package flinkscenarios.kinesis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SilenceTest {

    private static final long MILLI = 1_000_000;

    private long now = 1;
    private final Silence silence = new Silence(Duration.ofSeconds(2), () -> now);

    /** After which of so many answers without records, one every 500 ms, the shard became idle. */
    private List<Integer> idleAfter(int answers) {
        List<Integer> idle = new ArrayList<>();
        for (int answer = 1; answer <= answers; answer++) {
            now += 500 * MILLI;
            if (silence.lasts()) {
                idle.add(answer);
            }
        }
        return idle;
    }

    @Test
    void aShardWithoutRecordsBecomesIdleOnce() {
        assertEquals(List.of(4), idleAfter(10));
    }

    @Test
    void recordsBreakTheSilence() {
        assertEquals(List.of(), idleAfter(3));
        silence.broken();
        assertEquals(List.of(4), idleAfter(10));
        silence.broken();
        assertEquals(List.of(4), idleAfter(10));
    }

    @Test
    void timeInWhichNobodyAnswersDoesNotCount() {
        assertEquals(List.of(), idleAfter(3));
        now += 60_000 * MILLI;
        silence.unknown();
        assertEquals(List.of(1), idleAfter(1));
    }

    @Test
    void timeInWhichTheProcessWasStoppedDoesNotCount() {
        now += 8_000 * MILLI;
        assertFalse(silence.lasts());
        assertEquals(List.of(2), idleAfter(4));
    }

    @Test
    void withoutATimeoutEveryShardIsWaitedFor() {
        Silence patient = new Silence(Duration.ZERO, () -> now);
        now += 8_000 * MILLI;
        assertFalse(patient.lasts());
    }
}
