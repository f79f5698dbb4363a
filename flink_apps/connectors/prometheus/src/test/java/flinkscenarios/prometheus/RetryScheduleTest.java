package flinkscenarios.prometheus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.function.LongUnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.Test;

class RetryScheduleTest {

    private static RetrySchedule schedule(LongUnaryOperator chance) {
        Map<String, String> options =
                Map.of("metric.endpoint-url", "http://h/w", "authentication", "none", "max-retry-count", "2");
        return new RetrySchedule(PrometheusOptions.from(Configuration.fromMap(options)), chance);
    }

    private static List<Long> pauses(LongUnaryOperator chance) {
        RetrySchedule schedule = schedule(chance);
        return IntStream.rangeClosed(1, 10).mapToObj(schedule::pauseMillis).collect(Collectors.toList());
    }

    @Test
    void theLongestPausesDoubleFrom30To5000Milliseconds() {
        assertEquals(
                List.of(30L, 60L, 120L, 240L, 480L, 960L, 1920L, 3840L, 5000L, 5000L), pauses(below -> below - 1));
    }

    @Test
    void theShortestPausesAreHalfOfThem() {
        assertEquals(List.of(15L, 30L, 60L, 120L, 240L, 480L, 960L, 1920L, 2500L, 2500L), pauses(below -> 0));
    }

    @Test
    void aPauseAfterManyAttemptsIsStillTheLongest() {
        assertEquals(5000, schedule(below -> below - 1).pauseMillis(Integer.MAX_VALUE));
    }

    @Test
    void asManyRetriesAreAllowedAsTheOptionSays() {
        assertTrue(schedule(below -> 0).allowsAfter(2));
        assertFalse(schedule(below -> 0).allowsAfter(3));
    }
}
