package flinkscenarios.kinesis;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.format.DecodingFormat;
import org.apache.flink.table.connector.format.EncodingFormat;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DeserializationFormatFactory;
import org.apache.flink.table.factories.DynamicTableSinkFactory;
import org.apache.flink.table.factories.DynamicTableSourceFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.factories.SerializationFormatFactory;

/**
 * Tables {@code kinesis}: streams of Amazon Kinesis Data Streams, to read and to write.
 *
 * <pre>{@code
 * CREATE TABLE trips (
 *   trip_id BIGINT, pickup TIMESTAMP_LTZ(3),
 *   shard STRING METADATA FROM 'shard-id' VIRTUAL,
 *   WATERMARK FOR pickup AS pickup - INTERVAL '5' SECOND
 * ) PARTITIONED BY (trip_id) WITH (
 *   'connector' = 'kinesis', 'stream.arn' = 'arn:aws:kinesis:…:stream/trips', 'aws.region' = 'us-east-1',
 *   'source.init.position' = 'TRIM_HORIZON', 'format' = 'json')
 * }</pre>
 *
 * <p>Options have the names and the meaning that they have in Flink's own connector from 5.0 on, so that a table moves to
 * it as it is; {@code sink.record.max-size} and the metadata {@code partition-key} are the only ones beyond. Each record
 * is read once into what a checkpoint has, and the records of a key in their order; the watermark is per shard. Writing
 * is at least once. What that means in detail is said at {@link KinesisSource} and {@link KinesisSink}.
 *
 * <p>Where the endpoint is one of {@code http://}, an emulator answers: it gets JSON instead of CBOR, and the stream's
 * name instead of its ARN, and the service's limit of 2 MB a second and shard is not kept.
 */
public final class KinesisTableFactory implements DynamicTableSourceFactory, DynamicTableSinkFactory {

    /** The planner's own option, which a module that the planner does not need has no class for. */
    private static final ConfigOption<Duration> IDLE_TIMEOUT =
            ConfigOptions.key("table.exec.source.idle-timeout").durationType().defaultValue(Duration.ZERO);

    @Override
    public String factoryIdentifier() {
        return "kinesis";
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        Set<ConfigOption<?>> options = new HashSet<>(AwsOptions.REQUIRED);
        options.add(FactoryUtil.FORMAT);
        return options;
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        // One table may be read and written.
        Set<ConfigOption<?>> options = new HashSet<>(AwsOptions.OPTIONAL);
        options.addAll(AwsCredentials.OPTIONAL);
        options.addAll(SourceOptions.OPTIONAL);
        options.addAll(SinkOptions.OPTIONAL);
        return options;
    }

    @Override
    public DynamicTableSource createDynamicTableSource(Context context) {
        FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
        // Before the helper looks at the values: its messages name neither the value nor the rule.
        AwsOptions aws = AwsOptions.from(helper.getOptions());
        SourceOptions options = SourceOptions.from(helper.getOptions());
        DecodingFormat<DeserializationSchema<RowData>> format =
                helper.discoverDecodingFormat(DeserializationFormatFactory.class, FactoryUtil.FORMAT);
        helper.validate();
        Duration idleTimeout =
                helper.getOptions()
                        .getOptional(FactoryUtil.SOURCE_IDLE_TIMEOUT)
                        .orElseGet(() -> context.getConfiguration().get(IDLE_TIMEOUT));
        return new KinesisTableSource(aws, options, format, context.getPhysicalRowDataType(), idleTimeout);
    }

    @Override
    public DynamicTableSink createDynamicTableSink(Context context) {
        FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
        AwsOptions aws = AwsOptions.from(helper.getOptions());
        SinkOptions options = SinkOptions.from(helper.getOptions());
        EncodingFormat<SerializationSchema<RowData>> format =
                helper.discoverEncodingFormat(SerializationFormatFactory.class, FactoryUtil.FORMAT);
        helper.validate();
        List<String> partitionColumns = context.getCatalogTable().getPartitionKeys();
        if (!partitionColumns.isEmpty() && helper.getOptions().getOptional(SinkOptions.PARTITIONER).isPresent()) {
            throw new ValidationException(
                    "'sink.partitioner' must not be set in a table that is PARTITIONED BY columns (got "
                            + helper.getOptions().get(SinkOptions.PARTITIONER)
                            + "); leave one of the two out");
        }
        return new KinesisTableSink(aws, options, format, context.getPhysicalRowDataType(), partitionColumns);
    }
}
