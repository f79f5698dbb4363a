package flinkscenarios.eventtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ClockTest {

    private final Clock clock = new Clock();

    @Test
    void theTimeIsTheLatestWatermark() {
        assertEquals(OptionalLong.of(10_000), clock.setWatermark(10_000));
        assertEquals(OptionalLong.empty(), clock.setWatermark(9_000));
        assertEquals(OptionalLong.of(11_000), clock.setWatermark(11_000));
    }

    @Test
    void theTimeGoesOnWithTheClockWhileTheStreamIsSilent() {
        clock.setWatermark(10_000);
        clock.setIdle(1_000_000);
        assertEquals(OptionalLong.of(10_500), clock.advance(1_000_500));
        assertEquals(OptionalLong.of(11_300), clock.advance(1_001_300));
    }

    @Test
    void theTimeInWhichTheProcessWasStoppedIsNoSilence() {
        clock.setWatermark(10_000);
        clock.setIdle(1_000_000);
        assertEquals(OptionalLong.of(11_000), clock.advance(1_008_000));
        assertEquals(OptionalLong.of(11_200), clock.advance(1_008_200));
    }

    @Test
    void theTimeStandsWhileTheStreamIsActive() {
        clock.setWatermark(10_000);
        assertEquals(OptionalLong.empty(), clock.advance(1_000_500));
        clock.setIdle(1_000_000);
        clock.setActive();
        assertEquals(OptionalLong.empty(), clock.advance(1_000_500));
    }

    @Test
    void theTimeNeverGoesBack() {
        clock.setWatermark(10_000);
        clock.setIdle(1_000_000);
        clock.advance(1_000_900);
        clock.setActive();
        assertEquals(OptionalLong.empty(), clock.setWatermark(10_500));
        assertEquals(OptionalLong.of(10_901), clock.setWatermark(10_901));
    }

    @Test
    void aSecondSilenceGoesOnFromWhereTheFirstOneEnded() {
        clock.setWatermark(10_000);
        clock.setIdle(1_000_000);
        clock.advance(1_000_900);
        clock.setActive();
        clock.setIdle(2_000_000);
        assertEquals(OptionalLong.of(10_901), clock.advance(2_000_001));
    }

    @Test
    void withoutAWatermarkThereIsNoTime() {
        clock.setIdle(1_000_000);
        assertFalse(clock.isSet());
        assertEquals(OptionalLong.empty(), clock.advance(1_005_000));
    }

    @Test
    void nothingFollowsTheEnd() {
        clock.setWatermark(Long.MAX_VALUE);
        clock.setIdle(1_000_000);
        assertEquals(OptionalLong.empty(), clock.advance(1_000_500));
    }
}
