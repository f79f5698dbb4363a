package flinkscenarios.kinesis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import flinkscenarios.testing.TestMailbox;
import flinkscenarios.testing.TestTables;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Delayed;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.metrics.groups.SinkWriterMetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.types.logical.RowType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequestEntry;
import software.amazon.awssdk.services.kinesis.model.PutRecordsResultEntry;

class KinesisWriterTest {

    /** A stream that takes records, but for those that it is told to refuse. */
    private static final class TakingService implements KinesisService {

        final List<String> taken = new ArrayList<>();
        final List<Integer> sizes = new ArrayList<>();

        /** For each call: the numbers of the entries to refuse, or the failure of the whole. */
        final Deque<Object> faults = new ArrayDeque<>();

        @Override
        public synchronized List<PutRecordsResultEntry> put(List<PutRecordsRequestEntry> entries) {
            sizes.add(entries.size());
            Object fault = faults.poll();
            if (fault instanceof ServiceException) {
                throw (ServiceException) fault;
            }
            List<PutRecordsResultEntry> answers = new ArrayList<>();
            for (int i = 0; i < entries.size(); i++) {
                boolean refused = fault != null && ((List<?>) fault).contains(i);
                if (!refused) {
                    taken.add(ModelJob.text(entries.get(i).data().asByteArray()));
                }
                answers.add(
                        PutRecordsResultEntry.builder()
                                .errorCode(refused ? "ProvisionedThroughputExceededException" : null)
                                .errorMessage(refused ? "too much" : null)
                                .build());
            }
            return answers;
        }

        @Override
        public List<Shard> shards() {
            throw new UnsupportedOperationException();
        }

        @Override
        public String iterator(String shardId, Position position) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Page records(String iterator, int limit) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {
            // Nothing is open.
        }
    }

    private static final class NoTimer extends FutureTask<Void> implements ScheduledFuture<Void> {
        NoTimer() {
            super(() -> null);
        }

        @Override
        public long getDelay(TimeUnit unit) {
            return 0;
        }

        @Override
        public int compareTo(Delayed other) {
            return 0;
        }
    }

    private final TakingService service = new TakingService();
    private final TestMailbox mailbox = new TestMailbox();
    private final Counter errors = new SimpleCounter();
    private KinesisWriter writer;

    private KinesisWriter open(String... options) {
        Map<String, String> usual = Map.of("sink.batch.max-size", "4");
        SinkOptions sink = SinkOptions.from(Configuration.fromMap(TestTables.options(usual, options)));
        RowType row = (RowType) DataTypes.ROW(DataTypes.FIELD("text", DataTypes.STRING())).getLogicalType();
        SerializationSchema<RowData> text = value -> value.getString(0).toBytes();
        RowEncoder encoder = new RowEncoder(text, PartitionKeys.of(row, List.of("text"), sink));
        writer = new KinesisWriter(encoder, context(), sink, service, List.of());
        return writer;
    }

    private WriterInitContext context() {
        ProcessingTimeService timers =
                new ProcessingTimeService() {
                    @Override
                    public long getCurrentProcessingTime() {
                        return 0;
                    }

                    @Override
                    public ScheduledFuture<?> registerTimer(long time, ProcessingTimeCallback callback) {
                        return new NoTimer();
                    }
                };
        SinkWriterMetricGroup others = UnregisteredMetricsGroup.createSinkWriterMetricGroup();
        SinkWriterMetricGroup metrics =
                proxy(
                        SinkWriterMetricGroup.class,
                        (proxy, method, arguments) ->
                                method.getName().equals("getNumRecordsOutErrorsCounter")
                                        ? errors
                                        : method.invoke(others, arguments));
        Map<String, Object> parts =
                Map.of(
                        "getMailboxExecutor", mailbox,
                        "getProcessingTimeService", timers,
                        "metricGroup", metrics);
        return proxy(WriterInitContext.class, (proxy, method, arguments) -> parts.get(method.getName()));
    }

    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }

    private void write(int count) throws Exception {
        for (int i = 0; i < count; i++) {
            writer.write(GenericRowData.of(StringData.fromString(text(i))), null);
        }
        writer.flush(true);
    }

    private static String text(int number) {
        return String.format("%03d", number);
    }

    private static List<String> texts(int count) {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            texts.add(text(i));
        }
        return texts;
    }

    @AfterEach
    void close() {
        writer.close();
    }

    @Test
    void recordsArePutInTheirOrder() throws Exception {
        open();
        write(103);
        assertEquals(texts(103), service.taken);
        assertTrue(service.sizes.stream().allMatch(size -> size <= 4), service.sizes.toString());
    }

    @Test
    void whatIsRefusedIsPutAgainBeforeAllThatFollows() throws Exception {
        open();
        service.faults.add(List.of(1, 2));
        write(8);
        assertEquals(List.of("000", "003", "001", "002", "004", "005", "006", "007"), service.taken);
        assertEquals(2, errors.getCount());
    }

    @Test
    void whatHasNoAnswerIsPutAgainInItsOrder() throws Exception {
        open();
        service.faults.add(new ServiceException(ServiceException.Kind.UNAVAILABLE, "no answer", null));
        service.faults.add(new ServiceException(ServiceException.Kind.THROTTLED, "too much", null));
        write(10);
        assertEquals(texts(10), service.taken);
    }

    @Test
    void aRefusalThatDoesNotPassFailsTheJobWithItsLine() {
        open();
        service.faults.add(new ServiceException(ServiceException.Kind.REFUSED, "must be able to write", null));
        assertEquals("must be able to write", assertThrows(ServiceException.class, () -> write(4)).getMessage());
    }

    @Test
    void aSinkThatFailsOnErrorsFailsAtTheFirst() {
        open("sink.fail-on-error", "true");
        service.faults.add(List.of(3));
        String message = assertThrows(IllegalStateException.class, () -> write(4)).getMessage();
        assertEquals(
                "the stream must take every record at once where 'sink.fail-on-error' is true (got"
                        + " ProvisionedThroughputExceededException: too much); set it to false to have records put again,"
                        + " or give the stream more shards",
                message);
    }

    @Test
    void aRequestHasNoMoreBytesThanItMay() throws Exception {
        open("sink.flush-buffer.size", "20", "sink.record.max-size", "10");
        write(9);
        assertEquals(texts(9), service.taken);
        // Three bytes, and as many of the key.
        assertTrue(service.sizes.stream().allMatch(size -> size <= 3), service.sizes.toString());
    }

    @Test
    void aRecordThatIsLargerThanTheOptionSaysFailsTheJob() {
        open("sink.record.max-size", "5");
        assertThrows(IllegalArgumentException.class, () -> write(1));
        assertEquals(List.of(), service.taken);
    }

    @Test
    void theSizeOfARecordCountsItsKey() {
        open();
        PutRecordsRequestEntry entry =
                PutRecordsRequestEntry.builder()
                        .partitionKey("äö")
                        .data(SdkBytes.fromString("äö", StandardCharsets.UTF_8))
                        .build();
        assertEquals(8, writer.getSizeInBytes(entry));
    }
}
