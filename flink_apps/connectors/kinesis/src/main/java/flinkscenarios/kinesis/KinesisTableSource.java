package flinkscenarios.kinesis;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import javax.annotation.Nullable;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.DataStreamSource;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.ProviderContext;
import org.apache.flink.table.connector.format.DecodingFormat;
import org.apache.flink.table.connector.source.DataStreamScanProvider;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.connector.source.ScanTableSource;
import org.apache.flink.table.connector.source.abilities.SupportsReadingMetadata;
import org.apache.flink.table.connector.source.abilities.SupportsSourceWatermark;
import org.apache.flink.table.connector.source.abilities.SupportsWatermarkPushDown;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.DataType;

/** Brings {@link KinesisSource} into a table plan, with the table's watermarks shard by shard. */
final class KinesisTableSource
        implements ScanTableSource, SupportsReadingMetadata, SupportsWatermarkPushDown, SupportsSourceWatermark {

    private final AwsOptions aws;
    private final SourceOptions options;
    private final DecodingFormat<DeserializationSchema<RowData>> format;
    private final DataType physicalType;
    private final Duration idleTimeout;

    private List<String> metadataKeys = List.of();
    private DataType producedType;
    @Nullable private WatermarkStrategy<RowData> watermarks;

    KinesisTableSource(
            AwsOptions aws,
            SourceOptions options,
            DecodingFormat<DeserializationSchema<RowData>> format,
            DataType physicalType,
            Duration idleTimeout) {
        this.aws = aws;
        this.options = options;
        this.format = format;
        this.physicalType = physicalType;
        this.idleTimeout = idleTimeout;
        this.producedType = physicalType;
    }

    @Override
    public ChangelogMode getChangelogMode() {
        return format.getChangelogMode();
    }

    @Override
    public Map<String, DataType> listReadableMetadata() {
        return MetadataColumn.types();
    }

    @Override
    public void applyReadableMetadata(List<String> keys, DataType produced) {
        metadataKeys = keys;
        producedType = produced;
    }

    @Override
    public void applyWatermark(WatermarkStrategy<RowData> strategy) {
        watermarks = new ShardWatermarks<>(strategy);
    }

    /** For {@code SOURCE_WATERMARK()}: the times of arrival, which hardly ever go back within a shard. */
    @Override
    public void applySourceWatermark() {
        applyWatermark(WatermarkStrategy.forMonotonousTimestamps());
    }

    @Override
    public ScanRuntimeProvider getScanRuntimeProvider(ScanContext context) {
        RowDecoder decoder =
                new RowDecoder(
                        format.createRuntimeDecoder(context, physicalType),
                        metadataKeys.stream().map(MetadataColumn::of).toArray(MetadataColumn[]::new));
        boolean eventTime = watermarks != null;
        KinesisSource source =
                new KinesisSource(
                        aws,
                        options,
                        decoder,
                        context.createTypeInformation(producedType),
                        eventTime,
                        eventTime ? idleTimeout : Duration.ZERO);
        WatermarkStrategy<RowData> strategy = eventTime ? watermarks : WatermarkStrategy.noWatermarks();
        String name = "kinesis " + aws.stream().name();
        return new DataStreamScanProvider() {
            @Override
            public DataStream<RowData> produceDataStream(
                    ProviderContext provider, StreamExecutionEnvironment environment) {
                DataStreamSource<RowData> stream = environment.fromSource(source, strategy, name);
                provider.generateUid("kinesis").ifPresent(stream::uid);
                return stream;
            }

            @Override
            public boolean isBounded() {
                return false;
            }
        };
    }

    @Override
    public DynamicTableSource copy() {
        KinesisTableSource copy = new KinesisTableSource(aws, options, format, physicalType, idleTimeout);
        copy.metadataKeys = metadataKeys;
        copy.producedType = producedType;
        copy.watermarks = watermarks;
        return copy;
    }

    @Override
    public String asSummaryString() {
        return "kinesis";
    }
}
