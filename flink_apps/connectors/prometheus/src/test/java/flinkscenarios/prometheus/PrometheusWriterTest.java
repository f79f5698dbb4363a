package flinkscenarios.prometheus;

import static flinkscenarios.prometheus.WriteServer.NEVER;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import flinkscenarios.http.RequestFailure;
import flinkscenarios.testing.TestMailbox;
import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ScheduledFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.metrics.groups.SinkWriterMetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A writer in the thread of a task, with real requests. */
@Timeout(30)
class PrometheusWriterTest {

    private final Counters counters = new Counters();
    private final Map<String, String> options = new HashMap<>();
    private final TestMailbox mailbox = new TestMailbox();
    private final Timers timers = new Timers();
    private WriteServer server;

    @BeforeEach
    void start() throws IOException {
        server = new WriteServer();
        options.put("metric.endpoint-url", server.url());
        options.put("authentication", "none");
        options.put("max-batch-size-in-samples", "2");
        options.put("initial-retry-delay-ms", "1");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private PrometheusSink sink() {
        Configuration config = Configuration.fromMap(options);
        return new PrometheusSink(PrometheusOptions.from(config), SampleColumns.from(config, SampleColumnsTest.ROW));
    }

    private PrometheusWriter writer() {
        return sink().createWriter(context());
    }

    @SuppressWarnings("deprecation") // The context that such a sink takes.
    private Sink.InitContext context() {
        SinkWriterMetricGroup ignored = UnregisteredMetricsGroup.createSinkWriterMetricGroup();
        SinkWriterMetricGroup metrics =
                proxy(
                        SinkWriterMetricGroup.class,
                        (self, method, arguments) ->
                                method.getName().equals("addGroup")
                                        ? counters.addGroup((String) arguments[0])
                                        : method.invoke(ignored, arguments));
        Map<String, Object> parts =
                Map.of("getMailboxExecutor", mailbox, "getProcessingTimeService", timers, "metricGroup", metrics);
        return proxy(Sink.InitContext.class, (self, method, arguments) -> parts.get(method.getName()));
    }

    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(
                Proxy.newProxyInstance(PrometheusWriterTest.class.getClassLoader(), new Class<?>[] {type}, handler));
    }

    private static void write(PrometheusWriter writer, int... times) throws Exception {
        for (int time : times) {
            writer.write(SampleColumnsTest.of("m", 1.0, (long) time), null);
        }
    }

    private static List<String> samples(int... times) {
        return IntStream.of(times).mapToObj(time -> "{__name__=\"m\"} 1.0 @" + time).collect(Collectors.toList());
    }

    private static void until(Callable<Boolean> fulfilled) throws Exception {
        while (!fulfilled.call()) {
            Thread.sleep(10);
        }
    }

    @Test
    void aFullBatchIsSentAndTheRestAtTheEndOfTheInput() throws Exception {
        try (PrometheusWriter writer = writer()) {
            write(writer, 1, 2, 3);
            writer.flush(true);
        }
        assertEquals(List.of(samples(1, 2), samples(3)), server.requests());
    }

    @Test
    void noSampleOvertakesOneThatIsSentAgain() throws Exception {
        server.answer("503", "429");
        try (PrometheusWriter writer = writer()) {
            write(writer, 1, 2, 3, 4);
            writer.flush(true);
        }
        assertEquals(List.of(samples(1, 2), samples(1, 2), samples(1, 2), samples(3, 4)), server.requests());
    }

    @Test
    void oneRequestIsUnderWayAtATime() throws Exception {
        server.answer(NEVER);
        try (PrometheusWriter writer = writer()) {
            write(writer, 1, 2, 3, 4, 5);
            until(() -> !server.requests().isEmpty());
            assertEquals(List.of(samples(1, 2)), server.requests());
        }
    }

    @Test
    void noSampleWaitsLongerThanTheOptionSays() throws Exception {
        options.put("max-time-in-buffer-ms", "700");
        try (PrometheusWriter writer = writer()) {
            write(writer, 1);
            assertEquals(List.of(700L), timers.times);
            timers.fireUntil(700);
            writer.flush(false);
        }
        assertEquals(List.of(samples(1)), server.requests());
    }

    @Test
    void noTimeoutOfFlinkSendsARequestAgainThatIsStillTried() throws Exception {
        server.answer(NEVER);
        try (PrometheusWriter writer = writer()) {
            write(writer, 1, 2);
            timers.fireUntil(Duration.ofDays(365).toMillis());
            assertFalse(mailbox.tryYield());
        }
    }

    @Test
    void anIllegalSampleIsDroppedAndCounted() throws Exception {
        try (PrometheusWriter writer = writer()) {
            write(writer, 1);
            writer.write(SampleColumnsTest.of("no name", 1.0, 2L), null);
            writer.write(SampleColumnsTest.of("m", 1.0, 3L, "no-label", "x"), null);
            write(writer, 4);
            writer.flush(true);
        }
        assertEquals(List.of(samples(1, 4)), server.requests());
        assertEquals(
                "kinesisanalytics.numSamplesDropped=2 kinesisanalytics.numSamplesOut=2"
                        + " kinesisanalytics.numWriteRequestsOut=1",
                counters.nonZero());
    }

    @Test
    void aCheckpointWaitsUntilEverySampleIsSent() throws Exception {
        try (PrometheusWriter writer = writer()) {
            write(writer, 1, 2, 3);
            writer.flush(false);
            assertEquals(List.of(samples(1, 2), samples(3)), server.requests());
            for (BufferedRequestState<Sample> state : writer.snapshotState(1)) {
                assertEquals(List.of(), state.getBufferedRequestEntries());
            }
        }
    }

    @Test
    void aCheckpointOfAnEarlierVersionHasSamplesThatAreSentFirst() throws Exception {
        SimpleVersionedSerializer<BufferedRequestState<Sample>> serializer = sink().getWriterStateSerializer();
        byte[] checkpoint;
        try (PrometheusWriter writer = writer()) {
            write(writer, 3);
            checkpoint = serializer.serialize(writer.snapshotState(1).get(0));
        }
        BufferedRequestState<Sample> restored = serializer.deserialize(serializer.getVersion(), checkpoint);
        try (PrometheusWriter writer = sink().restoreWriter(context(), List.of(restored))) {
            write(writer, 4);
            writer.flush(false);
        }
        assertEquals(List.of(samples(3, 4)), server.requests());
    }

    @Test
    void aCheckpointKeepsAllOfASample() throws Exception {
        SimpleVersionedSerializer<BufferedRequestState<Sample>> serializer = sink().getWriterStateSerializer();
        byte[] state;
        try (PrometheusWriter writer = writer()) {
            writer.write(SampleColumnsTest.of("m", -0.5, -7L, "b", "ü", "a", "x".repeat(300)), null);
            state = serializer.serialize(writer.snapshotState(1).get(0));
        }
        BufferedRequestState<Sample> restored = serializer.deserialize(serializer.getVersion(), state);
        try (PrometheusWriter writer = sink().restoreWriter(context(), List.of(restored))) {
            writer.flush(true);
        }
        assertEquals(
                List.of(List.of("{__name__=\"m\",a=\"" + "x".repeat(300) + "\",b=\"ü\"} -0.5 @-7")),
                server.requests());
    }

    @Test
    void aCheckpointFailsWithTheRequest() throws Exception {
        server.answer("404");
        try (PrometheusWriter writer = writer()) {
            write(writer, 1, 2);
            Throwable failure = assertThrows(RuntimeException.class, () -> writer.flush(false)).getCause();
            assertInstanceOf(RequestFailure.class, failure);
        }
    }

    @Test
    void closingDoesNotWaitForAnAnswerAndEndsTheThreads() throws Exception {
        server.answer(NEVER);
        options.put("socket-timeout-ms", "3600000");
        PrometheusWriter writer = writer();
        write(writer, 1, 2);
        until(() -> !server.requests().isEmpty());
        writer.close();
        until(() -> Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> Set.of("prometheus-sink", "http-deadline").contains(thread.getName())));
    }

    /** Timers that fire when the test says so, at time zero. */
    private static final class Timers implements ProcessingTimeService {

        private final List<Long> times = new ArrayList<>();
        private final List<ProcessingTimeCallback> callbacks = new ArrayList<>();

        @Override
        public long getCurrentProcessingTime() {
            return 0;
        }

        @Override
        public ScheduledFuture<?> registerTimer(long time, ProcessingTimeCallback callback) {
            times.add(time);
            callbacks.add(callback);
            return proxy(ScheduledFuture.class, (self, method, arguments) -> method.getName().equals("cancel"));
        }

        private void fireUntil(long end) throws Exception {
            for (int i = 0; i < times.size(); i++) {
                if (times.get(i) <= end) {
                    callbacks.get(i).onProcessingTime(times.get(i));
                }
            }
        }
    }
}
