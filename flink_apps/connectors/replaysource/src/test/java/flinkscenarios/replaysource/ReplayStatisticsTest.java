package flinkscenarios.replaysource;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.junit.jupiter.api.Test;

class ReplayStatisticsTest {

    private static final long SECOND = 1_000_000_000;

    private final ReplayStatistics statistics = new ReplayStatistics(new UnregisteredMetricsGroup(), 0);

    @Test
    void theReportSaysHowManyHowFastHowLateAndHowFar() {
        for (int event = 0; event < 100; event++) {
            statistics.released(1_546_671_042_000L, 5_999_999);
        }
        assertEquals(
                "replay: 100 events, 50 events/s, replay lag 5 ms, replayed up to 2019-01-05T06:50:42Z",
                statistics.report(2 * SECOND));
    }

    @Test
    void theRateIsThatSinceTheReportBefore() {
        statistics.released(0, 0);
        statistics.report(SECOND);
        assertEquals(
                "replay: 1 events, 0 events/s, replay lag 0 ms, replayed up to 1970-01-01T00:00:00Z",
                statistics.report(2 * SECOND));
    }

    @Test
    void whatIsOutOfTheOrdinaryIsAdded() {
        statistics.releasedOutOfOrder();
        statistics.releasedUntimed();
        statistics.releasedUntimed();
        statistics.skipped();
        statistics.skippedGap();
        statistics.fileEndedEarly("/a is not read to its end: it is gone", false);
        assertEquals(
                "replay: 3 events, 3 events/s, replay lag 0 ms, nothing replayed yet, 1 out of order, 2 without a time,"
                        + " 1 gaps skipped, 1 files not read to their end, 1 from before the start skipped",
                statistics.report(SECOND));
    }
}
