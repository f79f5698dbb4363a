package flinkscenarios.eventtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ClockTest {

    private final Clock clock = new Clock();

    @Test
    void theTimeIsTheLatestWatermark() {
        assertEquals(OptionalLong.of(10_000), clock.set(10_000));
        assertEquals(OptionalLong.empty(), clock.set(9_000));
        assertEquals(OptionalLong.of(11_000), clock.set(11_000));
    }

    @Test
    void theTimeGoesOnWithTheClockWhileTheStreamIsSilent() {
        clock.set(10_000);
        clock.silent(1_000_000);
        assertEquals(OptionalLong.of(10_500), clock.at(1_000_500));
        assertEquals(OptionalLong.of(13_000), clock.at(1_003_000));
    }

    @Test
    void theTimeStandsWhileTheStreamIsActive() {
        clock.set(10_000);
        assertEquals(OptionalLong.empty(), clock.at(1_000_500));
        clock.silent(1_000_000);
        clock.active();
        assertEquals(OptionalLong.empty(), clock.at(1_000_500));
    }

    @Test
    void theTimeNeverGoesBack() {
        clock.set(10_000);
        clock.silent(1_000_000);
        clock.at(1_005_000);
        clock.active();
        assertEquals(OptionalLong.empty(), clock.set(12_000));
        assertEquals(OptionalLong.of(15_001), clock.set(15_001));
    }

    @Test
    void aSecondSilenceGoesOnFromWhereTheFirstOneEnded() {
        clock.set(10_000);
        clock.silent(1_000_000);
        clock.at(1_005_000);
        clock.active();
        clock.silent(2_000_000);
        assertEquals(OptionalLong.of(15_001), clock.at(2_000_001));
    }

    @Test
    void withoutAWatermarkThereIsNoTime() {
        clock.silent(1_000_000);
        assertFalse(clock.isSet());
        assertEquals(OptionalLong.empty(), clock.at(1_005_000));
    }

    @Test
    void nothingFollowsTheEnd() {
        clock.set(Long.MAX_VALUE);
        clock.silent(1_000_000);
        assertEquals(OptionalLong.empty(), clock.at(1_000_500));
    }
}
