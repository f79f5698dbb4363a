package flinkscenarios.kinesis;

import com.sun.management.OperatingSystemMXBean;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Proxy;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.kinesis.KinesisClient;

/**
 * Measures the reader with a service that answers at once: all but the network.
 *
 * <p>No test, as its figures are those of a machine: run {@code main}.
 */
public final class ReaderSpeed {

    private static final int SHARDS = 16;
    private static final int PAGE = 5_000;
    private static final int RECORD_BYTES = 400;

    private ReaderSpeed() {}

    public static void main(String[] args) throws Exception {
        try (KinesisService sdk = sdk()) {
            measure("the reader alone", once(sdk));
            measure("with the AWS SDK's reading of CBOR", sdk);
        }
    }

    private static void measure(String name, KinesisService service) throws Exception {
        RowDecoder decoder = new RowDecoder(new Raw(), MetadataColumn.SHARD_ID);
        decoder.open(null);
        KinesisReader reader =
                new KinesisReader(
                        new TestReaderContext(0, event -> {}),
                        decoder,
                        service,
                        (split, metrics) ->
                                new ShardPoller(
                                        service,
                                        split,
                                        new PollingPace(PAGE, Duration.ofMillis(250), false, () -> 0.5),
                                        metrics,
                                        new Silence(Duration.ZERO, System::nanoTime)),
                        new ShardFetcher(PollThreads.of(8), 16),
                        ModelJob.STREAM,
                        new Silence(Duration.ZERO, System::nanoTime));
        List<ShardSplit> splits = new ArrayList<>();
        for (int i = 0; i < SHARDS; i++) {
            Shard shard = new Shard("shardId-" + i, List.of(), BigInteger.ZERO, BigInteger.TEN);
            splits.add(new ShardSplit(shard, Position.OLDEST, false));
        }
        reader.addSplits(splits);
        reader.start();
        Sink sink = new Sink();
        read(reader, sink, 5);
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long cpu = system.getProcessCpuTime();
        long began = System.nanoTime();
        sink.rows = 0;
        read(reader, sink, 10);
        double seconds = (System.nanoTime() - began) / 1e9;
        double micros = (system.getProcessCpuTime() - cpu) / 1e3 / sink.rows;
        System.out.printf(
                "%s: %,.0f records a second, %.2f microseconds of CPU each%n", name, sink.rows / seconds, micros);
        reader.close();
    }

    private static void read(KinesisReader reader, Sink sink, int seconds) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (System.nanoTime() < end) {
            for (int i = 0; i < 1_000; i++) {
                if (reader.pollNext(sink.output) == InputStatus.NOTHING_AVAILABLE) {
                    reader.isAvailable().get();
                }
            }
        }
    }

    private static final class Sink {
        private long rows;
        private final TestOutput output = new TestOutput(text -> {}) {
            @Override
            public void collect(RowData row) {
                rows++;
            }
        };
    }

    /** The first answer again and again. */
    private static KinesisService once(KinesisService service) {
        KinesisService.Page page = service.records("iterator", PAGE);
        return (KinesisService)
                Proxy.newProxyInstance(
                        ReaderSpeed.class.getClassLoader(),
                        new Class<?>[] {KinesisService.class},
                        (proxy, method, arguments) ->
                                method.getName().equals("records")
                                        ? page
                                        : method.getName().equals("iterator") ? "iterator" : null);
    }

    /** The AWS SDK's client with a server that has one page. */
    private static KinesisService sdk() throws IOException {
        byte[] page = page();
        SdkHttpClient http =
                new SdkHttpClient() {
                    @Override
                    public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
                        String target = request.httpRequest().firstMatchingHeader("X-Amz-Target").orElse("");
                        byte[] body = target.endsWith("GetRecords") ? page : iterator();
                        return answer(body);
                    }

                    @Override
                    public void close() {
                        // Nothing is open.
                    }
                };
        KinesisClient client =
                KinesisClient.builder()
                        .httpClient(http)
                        .region(Region.US_EAST_1)
                        .credentialsProvider(
                                StaticCredentialsProvider.create(AwsBasicCredentials.create("key", "secret")))
                        .build();
        return new SdkKinesisService(
                client,
                AwsOptions.from(
                        Configuration.fromMap(
                                Map.of(
                                        "stream.arn", ModelJob.STREAM.toString(), "aws.region", "us-east-1"))));
    }

    private static ExecutableHttpRequest answer(byte[] body) {
        return new ExecutableHttpRequest() {
            @Override
            public HttpExecuteResponse call() {
                return HttpExecuteResponse.builder()
                        .response(
                                SdkHttpResponse.builder()
                                        .statusCode(200)
                                        .putHeader("Content-Type", "application/x-amz-cbor-1.1")
                                        .putHeader("Content-Length", String.valueOf(body.length))
                                        .build())
                        .responseBody(AbortableInputStream.create(new ByteArrayInputStream(body)))
                        .build();
            }

            @Override
            public void abort() {
                // It has answered.
            }
        };
    }

    private static byte[] iterator() {
        try {
            Cbor cbor = new Cbor();
            cbor.head(5, 1);
            cbor.text("ShardIterator");
            cbor.text("iterator");
            return cbor.bytes.toByteArray();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] page() throws IOException {
        Random random = new Random(1);
        Cbor cbor = new Cbor();
        cbor.head(5, 3);
        cbor.text("MillisBehindLatest");
        cbor.head(0, 1000);
        cbor.text("NextShardIterator");
        cbor.text("iterator");
        cbor.text("Records");
        cbor.head(4, PAGE);
        byte[] data = new byte[RECORD_BYTES];
        for (int i = 0; i < PAGE; i++) {
            random.nextBytes(data);
            cbor.head(5, 4);
            cbor.text("ApproximateArrivalTimestamp");
            cbor.head(0, 1_700_000_000_000L + i);
            cbor.text("Data");
            cbor.head(2, data.length);
            cbor.out.write(data);
            cbor.text("PartitionKey");
            cbor.text("key-" + i % 1000);
            cbor.text("SequenceNumber");
            cbor.text("49590338271490256608559692538361571095921575989" + (100_000_000 + i));
        }
        return cbor.bytes.toByteArray();
    }

    /** As much of CBOR as a page needs. */
    private static final class Cbor {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final DataOutputStream out = new DataOutputStream(bytes);

        void head(int type, long number) throws IOException {
            out.write(type << 5 | 27);
            out.writeLong(number);
        }

        void text(String text) throws IOException {
            byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
            head(3, utf8.length);
            out.write(utf8);
        }
    }

    /** A format that leaves bytes as they are. */
    private static final class Raw implements DeserializationSchema<RowData> {
        private static final long serialVersionUID = 1L;

        @Override
        public RowData deserialize(byte[] message) {
            return GenericRowData.of((Object) message);
        }

        @Override
        public boolean isEndOfStream(RowData row) {
            return false;
        }

        @Override
        public TypeInformation<RowData> getProducedType() {
            return TypeInformation.of(RowData.class);
        }
    }
}
