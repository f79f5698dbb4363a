package flinkscenarios.replaysource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class WatermarkScheduleTest {

    private final WatermarkSchedule schedule = new WatermarkSchedule(Duration.ofNanos(100), 1_000);

    @Test
    void theFirstOneIsDueAnIntervalAfterTheBegin() {
        assertEquals(100, schedule.nanosUntilDue(5, 1_000));
        assertEquals(-20, schedule.nanosUntilDue(5, 1_120));
    }

    @Test
    void theNextOneIsDueAnIntervalAfterTheOneBefore() {
        schedule.sent(5, 1_120);
        assertEquals(70, schedule.nanosUntilDue(6, 1_150));
    }

    @Test
    void whatHasBeenSaidIsNotSaidAgain() {
        schedule.sent(5, 1_100);
        assertEquals(WatermarkSchedule.NEVER, schedule.nanosUntilDue(5, 9_000));
        assertFalse(schedule.isLater(4));
        assertTrue(schedule.isLater(6));
    }

    @Test
    void nothingIsSaidBeforeThereIsATime() {
        assertEquals(WatermarkSchedule.NEVER, schedule.nanosUntilDue(EpochMillis.NONE, 9_000));
    }

    @Test
    void withoutAnIntervalThereAreNone() {
        WatermarkSchedule none = new WatermarkSchedule(Duration.ZERO, 0);
        assertEquals(WatermarkSchedule.NEVER, none.nanosUntilDue(5, 9_000));
        assertFalse(none.isLater(5));
    }
}
