package flinkscenarios.prometheus;

import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.ThreadSafeSimpleCounter;

/** The counters of this sink. Thread-safe. */
final class SinkMetrics {

    private final Counter samplesOut;
    private final Counter requestsOut;
    private final Counter retries;
    private final Counter samplesDropped;
    private final Counter refusedSamples;
    private final Counter exhaustedSamples;
    private final Counter perhapsStoredSamples;
    private final Counter failedRequests;

    SinkMetrics(MetricGroup sink, String groupName) {
        MetricGroup shown = sink.addGroup(groupName);
        samplesOut = counter(shown, "numSamplesOut");
        requestsOut = counter(shown, "numWriteRequestsOut");
        retries = counter(shown, "numWriteRequestsRetries");
        samplesDropped = counter(shown, "numSamplesDropped");
        refusedSamples = counter(shown, "numSamplesNonRetryableDropped");
        exhaustedSamples = counter(shown, "numSamplesRetryLimitDropped");
        perhapsStoredSamples = counter(shown, "numSamplesRefusedPerhapsStored");
        failedRequests = counter(shown, "numWriteRequestsPermanentlyFailed");
    }

    private static Counter counter(MetricGroup group, String name) {
        return group.counter(name, new ThreadSafeSimpleCounter());
    }

    /** Prometheus has accepted a request. */
    void written(int samples) {
        samplesOut.inc(samples);
        requestsOut.inc();
    }

    /** A request will be repeated. */
    void retry() {
        retries.inc();
    }

    /** A sample is dropped before any request; only this counter of dropped samples has it. */
    void illegalSample() {
        samplesDropped.inc();
    }

    /** A request is refused, and some of its samples may be stored all the same. They do not count as dropped. */
    void perhapsStored(int samples) {
        perhapsStoredSamples.inc(samples);
        failedRequests.inc();
    }

    /** A request is discarded because Prometheus refuses it, and has stored none of its samples. */
    void refused(int samples) {
        samplesDropped.inc(samples);
        refusedSamples.inc(samples);
        failedRequests.inc();
    }

    /** A request is discarded because its retries are used up. */
    void exhausted(int samples) {
        samplesDropped.inc(samples);
        exhaustedSamples.inc(samples);
        failedRequests.inc();
    }

    /** A request fails, and with it the job. */
    void failed() {
        failedRequests.inc();
    }
}
