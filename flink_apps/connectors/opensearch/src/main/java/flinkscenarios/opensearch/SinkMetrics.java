package flinkscenarios.opensearch;

import java.util.concurrent.TimeUnit;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.ThreadSafeSimpleCounter;
import org.apache.flink.metrics.groups.SinkWriterMetricGroup;

/** The counters of this sink, and Flink's metrics of every sink. Thread-safe, but for {@link #sending}. */
final class SinkMetrics {

    /** The group whose metrics the managed service shows. */
    private static final String METRIC_GROUP = "kinesisanalytics";

    private final SinkWriterMetricGroup sink;
    private final Counter indexed;
    private final Counter rejected;
    private final Counter retries;
    private final Counter blocked;
    private volatile long sendMillis;

    SinkMetrics(SinkWriterMetricGroup sink) {
        this.sink = sink;
        MetricGroup shown = sink.addGroup(METRIC_GROUP);
        indexed = shown.counter("documentsIndexed", new ThreadSafeSimpleCounter());
        rejected = shown.counter("documentsRejected", new ThreadSafeSimpleCounter());
        retries = shown.counter("bulkRetries", new ThreadSafeSimpleCounter());
        blocked = shown.counter("bulkBlocked", new ThreadSafeSimpleCounter());
        sink.setCurrentSendTimeGauge(() -> sendMillis);
    }

    /** Documents that OpenSearch has indexed or deleted. */
    Counter indexed() {
        return indexed;
    }

    /** Documents that were stored as rejected ones. */
    Counter rejected() {
        return rejected;
    }

    /** Requests that were sent again, whole or in part. */
    Counter retries() {
        return retries;
    }

    /** Attempts after which documents wait for a block to be lifted; it grows at least every ten seconds. */
    Counter blocked() {
        return blocked;
    }

    /** Counts a request that leaves the task; to be called in the task's thread. */
    void sending(int actions, long bytes) {
        sink.getNumRecordsSendCounter().inc(actions);
        sink.getNumBytesSendCounter().inc(bytes);
    }

    /** Records how long a request took until all its actions were complete. */
    void completedAfter(long nanos) {
        sendMillis = TimeUnit.NANOSECONDS.toMillis(nanos);
    }
}
