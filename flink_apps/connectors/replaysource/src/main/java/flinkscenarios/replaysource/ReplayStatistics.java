package flinkscenarios.replaysource;

import java.io.IOException;
import java.time.Instant;
import javax.annotation.Nullable;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;

/**
 * The progress of a replay since it was started or restored: as metrics, and as a line for the log.
 *
 * <p>One thread writes a field, others read it: hence they are volatile.
 */
final class ReplayStatistics {

    /** The managed service exports the metrics of this group to CloudWatch. */
    static final String METRIC_GROUP = "kinesisanalytics";

    static final String EVENT_COUNT = "replayedEventCount";
    static final String EVENT_RATE = "replayedEventRate";
    static final String LAG_MILLIS = "replayLagMillis";
    static final String OUT_OF_ORDER_COUNT = "replayOutOfOrderCount";
    static final String UNTIMED_COUNT = "replayUntimedCount";
    static final String WATERMARK_COUNT = "replayWatermarkCount";
    static final String GAP_COUNT = "replayGapCount";
    static final String UNREAD_FILE_COUNT = "replayUnreadFileCount";

    private static final double NANOS_PER_SECOND = 1e9;
    private static final long NANOS_PER_MILLI = 1_000_000;

    private final Counter eventCounter;
    private final Counter outOfOrderCounter;
    private final Counter untimedCounter;
    private final Counter watermarkCounter;
    private final Counter gapCounter;
    private final Counter unreadFileCounter;
    private final Rate shown;
    private final Rate logged;

    private volatile long events;
    private volatile long outOfOrder;
    private volatile long untimed;
    private volatile long skipped;
    private volatile long gaps;
    private volatile long unreadFiles;
    /** About the first file that lacks columns. */
    @Nullable private volatile String missingColumns;
    private volatile long lagMillis;
    private volatile long latestMillis = EpochMillis.NONE;
    private volatile long eventsPerSecond;

    ReplayStatistics(MetricGroup metrics, long nowNanos) {
        MetricGroup group = metrics.addGroup(METRIC_GROUP);
        eventCounter = group.counter(EVENT_COUNT);
        outOfOrderCounter = group.counter(OUT_OF_ORDER_COUNT);
        untimedCounter = group.counter(UNTIMED_COUNT);
        watermarkCounter = group.counter(WATERMARK_COUNT);
        gapCounter = group.counter(GAP_COUNT);
        unreadFileCounter = group.counter(UNREAD_FILE_COUNT);
        group.gauge(EVENT_RATE, (Gauge<Long>) () -> eventsPerSecond);
        group.gauge(LAG_MILLIS, (Gauge<Long>) () -> lagMillis);
        shown = new Rate(nowNanos);
        logged = new Rate(nowNanos);
    }

    /** Counts a row that was released {@code lateNanos} after it was due. */
    void released(long timeMillis, long lateNanos) {
        count();
        latestMillis = timeMillis;
        lagMillis = lateNanos / NANOS_PER_MILLI;
    }

    /** Counts a row that was released at once, because a later one had been released before. */
    void releasedOutOfOrder() {
        count();
        outOfOrderCounter.inc();
        outOfOrder++;
    }

    /** Counts a row that was released at once, because it has no readable time. */
    void releasedUntimed() {
        count();
        untimedCounter.inc();
        untimed++;
    }

    /** Counts the rows of a watermark, which are not events. */
    void releasedWatermarks(int rows) {
        watermarkCounter.inc(rows);
    }

    /** Counts a row that was skipped, because it is before the start of the replay. */
    void skipped() {
        skipped++;
    }

    /** Counts a gap that was skipped. */
    void skippedGap() {
        gapCounter.inc();
        gaps++;
    }

    /**
     * Counts a file that was not read to its end; only the thread that reads files calls this.
     *
     * @param report the file and the reason, in one line
     * @param lacksColumns whether the reason is that it lacks columns
     */
    void fileEndedEarly(String report, boolean lacksColumns) {
        unreadFileCounter.inc();
        unreadFiles++;
        if (lacksColumns && missingColumns == null) {
            missingColumns = report;
        }
    }

    /**
     * Refuses a replay without any row, if files lacked columns: then the properties do not fit the files.
     *
     * @throws IOException says what the first of these files lacks, and has
     */
    void requireColumns() throws IOException {
        if (missingColumns != null) {
            throw new IOException(missingColumns + "; no file could be replayed");
        }
    }

    /** Ends an interval of the rate in the metric. */
    void sampleRate(long nowNanos) {
        eventsPerSecond = shown.perSecond(events, nowNanos);
    }

    /** Returns the line for the log; ends an interval of the rate in it. */
    String report(long nowNanos) {
        StringBuilder line = new StringBuilder();
        line.append(String.format("replay: %d events, ", events));
        line.append(String.format("%d events/s, ", logged.perSecond(events, nowNanos)));
        line.append(String.format("replay lag %d ms, ", lagMillis));
        line.append(
                latestMillis == EpochMillis.NONE
                        ? "nothing replayed yet"
                        : "replayed up to " + Instant.ofEpochMilli(latestMillis));
        append(line, outOfOrder, "out of order");
        append(line, untimed, "without a time");
        append(line, gaps, "gaps skipped");
        append(line, unreadFiles, "files not read to their end");
        append(line, skipped, "from before the start skipped");
        return line.toString();
    }

    private static void append(StringBuilder line, long count, String what) {
        if (count > 0) {
            line.append(String.format(", %d %s", count, what));
        }
    }

    private void count() {
        eventCounter.inc();
        events++;
    }

    /** Events per second since the last call. Not thread-safe. */
    private static final class Rate {

        private long sinceNanos;
        private long sinceEvents;

        Rate(long nowNanos) {
            sinceNanos = nowNanos;
        }

        long perSecond(long events, long nowNanos) {
            double seconds = (nowNanos - sinceNanos) / NANOS_PER_SECOND;
            long rate = seconds > 0 ? Math.round((events - sinceEvents) / seconds) : 0;
            sinceNanos = nowNanos;
            sinceEvents = events;
            return rate;
        }
    }
}
