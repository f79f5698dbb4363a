package flinkscenarios.replaysource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReplayClockTest {

    private static final long SECOND = 1_000_000_000;
    private static final long HOUR_MILLIS = 3_600_000;
    private static final long START = 1_546_671_042_000L;

    private static ReplayClock clock(double speedup, long nowNanos) {
        ReplayClock clock = new ReplayClock(speedup);
        clock.start(START, nowNanos);
        return clock;
    }

    /** The clock's origin is arbitrary, and it may overflow during a run. */
    @ParameterizedTest
    @ValueSource(longs = {0, -7, Long.MAX_VALUE - SECOND / 2, Long.MIN_VALUE})
    void atSpeedup3600AnHourPassesInASecond(long origin) {
        ReplayClock clock = clock(3600, origin);
        assertEquals(0, clock.nanosUntilDue(START, origin));
        assertEquals(SECOND, clock.nanosUntilDue(START + HOUR_MILLIS, origin));
        assertEquals(0, clock.nanosUntilDue(START + HOUR_MILLIS, origin + SECOND));
        assertEquals(-SECOND, clock.nanosUntilDue(START, origin + SECOND));
        assertEquals(START + HOUR_MILLIS, clock.positionMillis(origin + SECOND));
    }

    @Test
    void aSpeedupBelow1SlowsTheTimeDown() {
        assertEquals(2 * SECOND, clock(0.5, 0).nanosUntilDue(START + 1_000, 0));
    }

    @Test
    void aTimeThatIsGarbageIsFarAwayOrLongPast() {
        ReplayClock clock = clock(6480, 0);
        assertTrue(clock.nanosUntilDue(Long.MAX_VALUE, 0) > 365 * 86_400 * SECOND);
        assertTrue(clock.nanosUntilDue(Long.MIN_VALUE + 1, 0) < 0);
    }
}
