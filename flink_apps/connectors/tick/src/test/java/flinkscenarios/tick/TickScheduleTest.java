package flinkscenarios.tick;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TickScheduleTest {

    private static final long MILLI = 1_000_000;
    private static final long SECOND = 1_000 * MILLI;

    private long now;

    private TickSchedule schedule(long positionMillis) {
        return new TickSchedule(Duration.ofMillis(20), Duration.ofSeconds(10), positionMillis, now);
    }

    /** Takes every tick that is due, and returns their starts. */
    private List<Long> take(TickSchedule schedule) {
        List<Long> starts = new ArrayList<>();
        while (schedule.nanosUntilDue(now) <= 0) {
            assertEquals(schedule.positionMillis() + 20, schedule.endMillis());
            starts.add(schedule.positionMillis());
            schedule.advance(now);
        }
        return starts;
    }

    /** The clock's origin is arbitrary, and it may overflow during a run. */
    @ParameterizedTest
    @ValueSource(longs = {0, -7, 123_456_789, Long.MAX_VALUE - 10 * MILLI, Long.MIN_VALUE})
    void aTickIsDueWhenItsSliceHasPassed(long origin) {
        now = origin;
        TickSchedule schedule = schedule(0);
        assertEquals(20 * MILLI, schedule.nanosUntilDue(now));
        now += 20 * MILLI - 1;
        assertEquals(List.of(), take(schedule));
        now += 1;
        assertEquals(List.of(0L), take(schedule));
        assertEquals(20 * MILLI, schedule.nanosUntilDue(now));
    }

    @Test
    void latenessOfSingleTicksDoesNotAddUp() {
        TickSchedule schedule = schedule(0);
        for (long tick = 0; tick < 1_000; tick++) {
            now = (tick + 1) * 20 * MILLI + 7 * MILLI;
            assertEquals(List.of(tick * 20), take(schedule));
        }
        assertEquals(13 * MILLI, schedule.nanosUntilDue(now));
    }

    @Test
    void aShortStallIsMadeUpForWholly() {
        TickSchedule schedule = schedule(0);
        now = 10 * SECOND;
        assertEquals(500, take(schedule).size());
        assertEquals(10_000, schedule.positionMillis());
        assertEquals(20 * MILLI, schedule.nanosUntilDue(now));
    }

    @Test
    void aLongStallSlidesTheScheduleToExactlyCatchUpBehind() {
        TickSchedule schedule = schedule(0);
        now = 60 * SECOND;
        List<Long> starts = take(schedule);
        assertEquals(501, starts.size(), "the one that was due 10 s ago, and 10 s of ticks after it");
        assertEquals(List.of(0L, 20L, 40L), starts.subList(0, 3), "no slice is lost by sliding");
        assertEquals(20 * MILLI, schedule.nanosUntilDue(now), "back on schedule, without the other 50 s");
    }

    @Test
    void withoutCatchUpALateTickIsFollowedByAFullInterval() {
        TickSchedule schedule = new TickSchedule(Duration.ofMillis(20), Duration.ZERO, 0, now);
        now = 5 * SECOND;
        assertEquals(List.of(0L), take(schedule));
        assertEquals(20 * MILLI, schedule.nanosUntilDue(now));
    }

    @Test
    void aRestoredScheduleContinuesFromItsPositionWithoutTheDowntime() {
        now = 3_600 * SECOND;
        TickSchedule schedule = schedule(4_000);
        assertEquals(List.of(), take(schedule));
        now += 40 * MILLI;
        assertEquals(List.of(4_000L, 4_020L), take(schedule));
    }
}
