package flinkscenarios.kinesis;

import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.metrics.groups.AbstractMetricGroup;

/**
 * A shard's metrics, in the groups that the official connector has them in.
 *
 * <p>The groups are {@code KinesisStreamSource.accountId.….region.….stream.….shardId.…}. What the official connector
 * does not have is named as its predecessor did.
 */
final class ShardMetrics {

    private final MetricGroup group;
    private final Counter aggregated;
    private final Counter deaggregated;
    private final Counter throttled;
    private final Counter expired;
    private final Counter trimmed;

    private volatile long millisBehindLatest = -1;
    private volatile long recordBytes;
    private volatile int recordsPerFetch;

    ShardMetrics(MetricGroup reader, StreamReference stream, String shardId) {
        MetricGroup streams = reader.addGroup("KinesisStreamSource");
        group =
                stream.account()
                        .map(account -> streams.addGroup("accountId", account))
                        .orElse(streams)
                        .addGroup("region", stream.region())
                        .addGroup("stream", stream.name())
                        .addGroup("shardId", shardId);
        group.gauge("millisBehindLatest", () -> millisBehindLatest);
        group.gauge("averageRecordSizeBytes", () -> recordBytes);
        group.gauge("numberOfRecordsPerFetch", () -> recordsPerFetch);
        aggregated = group.counter("numberOfAggregatedRecords");
        deaggregated = group.counter("numberOfDeaggregatedRecords");
        throttled = group.counter("numberOfThrottledCalls");
        expired = group.counter("numberOfExpiredIterators");
        trimmed = group.counter("numberOfTrimmedPositions");
    }

    /**
     * Takes an answer.
     *
     * @param records of the stream
     * @param userRecords that they are made of
     */
    void fetched(int records, int userRecords, double meanBytes, long behindMillis) {
        aggregated.inc(records);
        deaggregated.inc(userRecords);
        recordsPerFetch = records;
        recordBytes = Math.round(meanBytes);
        millisBehindLatest = behindMillis;
    }

    long millisBehindLatest() {
        return millisBehindLatest;
    }

    void throttled() {
        throttled.inc();
    }

    void iteratorExpired() {
        expired.inc();
    }

    void positionTrimmed() {
        trimmed.inc();
    }

    /** Ends them: a shard that is closed is behind nothing. */
    void close() {
        if (group instanceof AbstractMetricGroup) {
            ((AbstractMetricGroup<?>) group).close();
        }
    }
}
