package flinkscenarios.kinesis;

import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.format.EncodingFormat;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.sink.SinkV2Provider;
import org.apache.flink.table.connector.sink.abilities.SupportsPartitioning;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;

/** Brings {@link KinesisSink} into a table plan. */
final class KinesisTableSink implements DynamicTableSink, SupportsPartitioning {

    private final AwsOptions aws;
    private final SinkOptions options;
    private final EncodingFormat<SerializationSchema<RowData>> format;
    private final DataType physicalType;
    private final PartitionKeys keys;

    KinesisTableSink(
            AwsOptions aws,
            SinkOptions options,
            EncodingFormat<SerializationSchema<RowData>> format,
            DataType physicalType,
            List<String> partitionColumns) {
        this.aws = aws;
        this.options = options;
        this.format = format;
        this.physicalType = physicalType;
        this.keys = PartitionKeys.of((RowType) physicalType.getLogicalType(), partitionColumns, options);
    }

    private KinesisTableSink(KinesisTableSink other) {
        this.aws = other.aws;
        this.options = other.options;
        this.format = other.format;
        this.physicalType = other.physicalType;
        this.keys = other.keys;
    }

    @Override
    public ChangelogMode getChangelogMode(ChangelogMode requestedMode) {
        return format.getChangelogMode();
    }

    @Override
    public SinkRuntimeProvider getSinkRuntimeProvider(Context context) {
        RowEncoder encoder = new RowEncoder(format.createRuntimeEncoder(context, physicalType), keys);
        return SinkV2Provider.of(new KinesisSink(aws, options, encoder), options.parallelism());
    }

    @Override
    public void applyStaticPartition(Map<String, String> partition) {
        // Rows have the values in their columns all the same.
    }

    @Override
    public DynamicTableSink copy() {
        return new KinesisTableSink(this);
    }

    @Override
    public String asSummaryString() {
        return "kinesis";
    }
}
