package flinkscenarios.kinesis;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flink.metrics.MetricGroup;

/**
 * How far a reader is behind its stream: the {@code millisBehindLatest} of the shard that is most behind; -1 before the
 * first answer.
 *
 * <p>The managed service publishes the group {@code kinesisanalytics} to CloudWatch, with the dimension {@code Stream}.
 */
final class ReaderLag {

    private static final long UNKNOWN = -1;

    // Reporters read it in threads of their own.
    private final Set<ShardMetrics> shards = ConcurrentHashMap.newKeySet();

    ReaderLag(MetricGroup reader, StreamReference stream) {
        reader.addGroup("kinesisanalytics")
                .addGroup("Stream", stream.name())
                .gauge("millisBehindLatest", this::millis);
    }

    void add(ShardMetrics shard) {
        shards.add(shard);
    }

    void remove(ShardMetrics shard) {
        shards.remove(shard);
    }

    private long millis() {
        return shards.stream().mapToLong(ShardMetrics::millisBehindLatest).max().orElse(UNKNOWN);
    }
}
