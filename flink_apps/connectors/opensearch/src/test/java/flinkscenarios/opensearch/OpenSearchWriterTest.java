package flinkscenarios.opensearch;

import static flinkscenarios.opensearch.BulkServer.NEVER;
import static flinkscenarios.opensearch.BulkServer.items;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import flinkscenarios.http.RequestFailure;
import flinkscenarios.testing.TestMailbox;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ScheduledFuture;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.types.DataType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A writer in the thread of a task, with real requests. */
@Timeout(30)
class OpenSearchWriterTest {

    private static final DataType ROW =
            DataTypes.ROW(DataTypes.FIELD("id", DataTypes.STRING()), DataTypes.FIELD("doc", DataTypes.BYTES()));

    private final SinkMetrics metrics = new SinkMetrics(UnregisteredMetricsGroup.createSinkWriterMetricGroup());
    private final Map<String, String> options = new HashMap<>();
    private final TestMailbox mailbox = new TestMailbox();
    private BulkServer server;

    @BeforeEach
    void start() throws IOException {
        server = new BulkServer();
        options.put("endpoint", server.endpoint());
        options.put("authentication", "none");
        options.put("index", "trips");
        options.put("id-column", "id");
        options.put("document-column", "doc");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private OpenSearchWriter writer() {
        Configuration config = Configuration.fromMap(options);
        OpenSearchOptions read = OpenSearchOptions.from(config);
        DocumentColumns columns = DocumentColumns.from(config, ROW);
        RowActions rowActions = new RowActions(columns, RowDocument.ofColumn(columns), read.rejectedIndex());
        return new OpenSearchWriter(read, rowActions, mailbox, metrics);
    }

    private static void write(OpenSearchWriter writer, String id, String document) throws InterruptedException {
        byte[] bytes = document.getBytes(StandardCharsets.UTF_8);
        writer.write(GenericRowData.of(StringData.fromString(id), bytes), null);
    }

    private static String line(String id, String document) {
        return "{\"index\":{\"_index\":\"trips\",\"_id\":\"" + id + "\"}}\n" + document + "\n";
    }

    private static void until(Callable<Boolean> fulfilled) throws Exception {
        while (!fulfilled.call()) {
            Thread.sleep(10);
        }
    }

    @Test
    void noChangeOfADocumentOvertakesOneThatIsTriedAgain() throws Exception {
        options.put("bulk.max-actions", "1");
        server.answer(items("429"));
        server.answer("503 busy");
        try (OpenSearchWriter writer = writer()) {
            write(writer, "1", "{\"n\":1}");
            write(writer, "1", "{\"n\":2}");
            writer.flush(false);
        }
        String first = line("1", "{\"n\":1}");
        assertEquals(List.of(first, first, first, line("1", "{\"n\":2}")), server.bodies());
    }

    @Test
    void aFlushLeavesNothingUnanswered() throws Exception {
        options.put("bulk.max-actions", "3");
        server.answer("503 busy");
        try (OpenSearchWriter writer = writer()) {
            for (int i = 0; i < 100; i++) {
                write(writer, String.valueOf(i), "{}");
            }
            writer.flush(false);
            assertEquals(100, metrics.indexed().getCount());
        }
    }

    @Test
    void noRequestIsLargerThanTheLimit() throws Exception {
        options.put("bulk.max-size", "1 mb");
        String document = "{\"a\":\"" + "x".repeat(400_000) + "\"}";
        try (OpenSearchWriter writer = writer()) {
            for (int i = 0; i < 3; i++) {
                write(writer, String.valueOf(i), document);
            }
            until(() -> server.bodies().size() == 1);
            writer.flush(false);
        }
        assertEquals(
                List.of(line("0", document) + line("1", document), line("2", document)), server.bodies());
    }

    @Test
    void aDocumentThatIsLargerThanTheLimitIsSentAlone() throws Exception {
        options.put("bulk.max-size", "1 mb");
        String large = "{\"a\":\"" + "x".repeat(1_100_000) + "\"}";
        try (OpenSearchWriter writer = writer()) {
            write(writer, "1", "{}");
            write(writer, "2", large);
            write(writer, "3", "{}");
            writer.flush(false);
        }
        assertEquals(List.of(line("1", "{}"), line("2", large), line("3", "{}")), server.bodies());
    }

    @Test
    void aRequestThatIsExactlyAsLargeAsTheLimitIsSentAtOnce() throws Exception {
        options.put("bulk.max-size", "1 mb");
        int most = (1 << 20) - line("1", "{\"a\":\"\"}").length();
        try (OpenSearchWriter writer = writer()) {
            write(writer, "1", "{\"a\":\"" + "x".repeat(most) + "\"}");
            until(() -> server.bodies().size() == 1);
        }
    }

    @Test
    void nothingWaitsForOthersLongerThanTheInterval() throws Exception {
        Timers timers = new Timers();
        try (OpenSearchWriter writer = writer()) {
            writer.sendEvery(200, timers);
            for (int requests = 1; requests <= 2; requests++) {
                write(writer, String.valueOf(requests), "{}");
                assertEquals(requests - 1, server.bodies().size());
                timers.pass(200);
                mailbox.yield();
                assertEquals(requests, metrics.indexed().getCount());
            }
        }
    }

    @Test
    void aFailureReachesTheTaskThatWaits() throws Exception {
        server.answer("403 no");
        try (OpenSearchWriter writer = writer()) {
            write(writer, "1", "{}");
            Throwable failure = assertThrows(Exception.class, () -> writer.flush(false)).getCause();
            assertInstanceOf(RequestFailure.class, failure);
            assertTrue(failure.getMessage().contains("(got status 403: no)"), failure.getMessage());
        }
    }

    @Test
    void closingDoesNotWaitForAnAnswerAndEndsTheThreads() throws Exception {
        options.put("bulk.max-actions", "1");
        server.answer(NEVER);
        OpenSearchWriter writer = writer();
        write(writer, "1", "{}");
        until(() -> server.bodies().size() == 1);
        writer.close();
        until(() -> threadsOfTheSink() == 0);
    }

    private static long threadsOfTheSink() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("opensearch-sink"))
                .count();
    }

    /** Time that passes when it is told to. */
    private static final class Timers implements ProcessingTimeService {

        private final Queue<ProcessingTimeCallback> waiting = new ArrayDeque<>();
        private long now;
        private long due;

        @Override
        public long getCurrentProcessingTime() {
            return now;
        }

        @Override
        public ScheduledFuture<?> registerTimer(long time, ProcessingTimeCallback target) {
            due = time;
            waiting.add(target);
            return null;
        }

        void pass(long millis) throws Exception {
            now += millis;
            assertEquals(now, due);
            waiting.remove().onProcessingTime(now);
        }
    }
}
