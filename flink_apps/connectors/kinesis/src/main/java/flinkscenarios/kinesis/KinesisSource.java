package flinkscenarios.kinesis;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.table.data.RowData;
import org.apache.flink.util.UserCodeClassLoader;

/**
 * Reads a stream: each record once into what a checkpoint has, and the records of a key in their order.
 *
 * <p>That holds over restarts at any parallelism, and while shards are split and merged. A stream's record that is
 * older than what the stream keeps cannot be read any more; metrics and the log tell where that was so.
 */
final class KinesisSource implements Source<RowData, ShardSplit, EnumeratorState>, ResultTypeQueryable<RowData> {

    private static final long serialVersionUID = 1L;

    private static final Duration READ_TIMEOUT = Duration.ofSeconds(30);
    private static final int PARALLEL_CALLS = 8;
    private static final int WAITING_PAGES = 16;

    private final AwsOptions aws;
    private final SourceOptions options;
    private final RowDecoder decoder;
    private final TypeInformation<RowData> type;
    private final boolean eventTime;
    private final Duration idleTimeout;

    /** @param idleTimeout after how long a silent shard is idle; zero for never */
    KinesisSource(
            AwsOptions aws,
            SourceOptions options,
            RowDecoder decoder,
            TypeInformation<RowData> type,
            boolean eventTime,
            Duration idleTimeout) {
        this.aws = aws;
        this.options = options;
        this.decoder = decoder;
        this.type = type;
        this.eventTime = eventTime;
        this.idleTimeout = idleTimeout;
    }

    @Override
    public Boundedness getBoundedness() {
        return Boundedness.CONTINUOUS_UNBOUNDED;
    }

    @Override
    public SourceReader<RowData, ShardSplit> createReader(SourceReaderContext context) throws Exception {
        decoder.open(decoding(context));
        KinesisService service = service();
        return new KinesisReader(
                context,
                decoder,
                service,
                (split, metrics) ->
                        new ShardPoller(
                                service, split, pace(), metrics, new Silence(idleTimeout, System::nanoTime)),
                new ShardFetcher(PollThreads.of(PARALLEL_CALLS), WAITING_PAGES),
                aws.stream(),
                new Silence(idleTimeout, System::nanoTime));
    }

    @Override
    public SplitEnumerator<ShardSplit, EnumeratorState> createEnumerator(SplitEnumeratorContext<ShardSplit> context) {
        return restoreEnumerator(context, null);
    }

    @Override
    public SplitEnumerator<ShardSplit, EnumeratorState> restoreEnumerator(
            SplitEnumeratorContext<ShardSplit> context, EnumeratorState state) {
        return new KinesisEnumerator(
                context,
                service(),
                aws.stream().toString(),
                options.initialPosition(Instant.now()),
                options.discoveryInterval().toMillis(),
                eventTime,
                state);
    }

    @Override
    public SimpleVersionedSerializer<ShardSplit> getSplitSerializer() {
        return new ShardSplitSerializer();
    }

    @Override
    public SimpleVersionedSerializer<EnumeratorState> getEnumeratorCheckpointSerializer() {
        return new EnumeratorStateSerializer();
    }

    @Override
    public TypeInformation<RowData> getProducedType() {
        return type;
    }

    private KinesisService service() {
        return KinesisClients.service(aws, PARALLEL_CALLS, READ_TIMEOUT);
    }

    private PollingPace pace() {
        return new PollingPace(
                options.maxRecords(),
                options.emptyInterval(),
                !aws.emulated(),
                () -> ThreadLocalRandom.current().nextDouble());
    }

    private static DeserializationSchema.InitializationContext decoding(SourceReaderContext context) {
        return new DeserializationSchema.InitializationContext() {
            @Override
            public MetricGroup getMetricGroup() {
                return context.metricGroup().addGroup("deserializer");
            }

            @Override
            public UserCodeClassLoader getUserCodeClassLoader() {
                return context.getUserCodeClassLoader();
            }
        };
    }
}
