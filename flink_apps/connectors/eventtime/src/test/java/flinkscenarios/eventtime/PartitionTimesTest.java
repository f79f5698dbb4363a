package flinkscenarios.eventtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class PartitionTimesTest {

    private static final long IDLE = 5_000;

    private final PartitionTimes times = new PartitionTimes(IDLE, 0);

    @Test
    void theSlowestPartitionIsWaitedFor() {
        times.add("a", 80_000, 0);
        times.add("a", 90_000, IDLE);
        times.add("b", 10_000, IDLE);
        assertEquals(OptionalLong.of(10_000), times.reached(IDLE));
        times.add("b", 20_000, IDLE);
        assertEquals(OptionalLong.of(20_000), times.reached(IDLE));
    }

    @Test
    void aPartitionIsAsFarAsItsLatestRecord() {
        times.add("a", 20_000, 0);
        times.add("a", 10_000, IDLE);
        assertEquals(OptionalLong.of(20_000), times.reached(IDLE));
    }

    @Test
    void aSilentPartitionIsNotWaitedForUntilItSpeaksAgain() {
        times.add("b", 10_000, 1_000);
        times.add("a", 90_000, 5_000);
        times.add("b", 10_000, 5_000);
        times.add("a", 90_000, 9_000);
        assertEquals(OptionalLong.of(10_000), times.reached(9_999));
        assertEquals(OptionalLong.of(90_000), times.reached(10_000));
        times.add("b", 11_000, 10_000);
        assertEquals(OptionalLong.of(11_000), times.reached(10_000));
    }

    @Test
    void afterTheFirstRecordPartitionsThatAreNotKnownYetAreWaitedFor() {
        times.add("a", 90_000, 60_000);
        assertEquals(OptionalLong.empty(), times.reached(60_000 + IDLE - 1));
        times.add("b", 10_000, 60_000 + IDLE - 1);
        times.add("a", 91_000, 60_000 + IDLE);
        assertEquals(OptionalLong.of(10_000), times.reached(60_000 + IDLE));
    }

    @Test
    void allOfItIsIdleWhenEveryPartitionIs() {
        assertFalse(times.isIdle(IDLE - 1));
        assertTrue(times.isIdle(IDLE));
        times.add("a", 90_000, 6_000);
        times.add("b", 90_000, 7_000);
        assertFalse(times.isIdle(11_500));
        assertTrue(times.isIdle(12_000));
    }

    @Test
    void aStreamThatFallsSilentHasReachedWhatItsFurthestPartitionHas() {
        times.add("a", 90_000, 1_000);
        times.add("b", 10_000, 1_000);
        assertEquals(OptionalLong.of(90_000), times.reached(1_000 + IDLE));
    }

    @Test
    void aStreamWithoutRecordsHasReachedNothing() {
        assertEquals(OptionalLong.empty(), times.reached(IDLE));
    }
}
