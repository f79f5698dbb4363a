package flinkscenarios.json;

import java.util.Set;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.connector.file.table.factories.BulkWriterFormatFactory;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.format.EncodingFormat;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DynamicTableFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;

/**
 * Format {@code json-lines} of the {@code filesystem} sink: each row a JSON object on a line of its own, in UTF-8.
 *
 * <p>Flink's own {@code json} writes such lines as well, but as a row format: its files stay open over many
 * checkpoints, and become visible only when they are rolled by size or age. This one is a bulk format: each checkpoint
 * completes its files.
 *
 * <p>Columns that are NULL are left out; timestamps are ISO-8601; decimals are plain numbers.
 */
public final class JsonLinesFormatFactory implements BulkWriterFormatFactory {

    /** How files are compressed. */
    static final ConfigOption<JsonLinesCompression> COMPRESSION =
            ConfigOptions.key("compression")
                    .enumType(JsonLinesCompression.class)
                    .defaultValue(JsonLinesCompression.NONE)
                    .withDescription("How files are compressed: none or gzip.");

    @Override
    public String factoryIdentifier() {
        return "json-lines";
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Set.of();
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return Set.of(COMPRESSION);
    }

    @Override
    public EncodingFormat<BulkWriter.Factory<RowData>> createEncodingFormat(
            DynamicTableFactory.Context context, ReadableConfig options) {
        // Before Flink looks at the values: its messages name neither the value nor the rule.
        JsonLinesCompression compression = compression(options);
        FactoryUtil.validateFactoryOptions(this, options);
        return new EncodingFormat<>() {
            @Override
            public BulkWriter.Factory<RowData> createRuntimeEncoder(
                    DynamicTableSink.Context sinkContext, DataType consumed) {
                return new JsonLinesWriterFactory((RowType) consumed.getLogicalType(), compression);
            }

            @Override
            public ChangelogMode getChangelogMode() {
                return ChangelogMode.insertOnly();
            }
        };
    }

    private static JsonLinesCompression compression(ReadableConfig options) {
        try {
            return options.get(COMPRESSION);
        } catch (RuntimeException e) {
            String got = options.get(ConfigOptions.key(COMPRESSION.key()).stringType().defaultValue("nothing"));
            throw new ValidationException(
                    String.format("'%s' must be none or gzip (got %s); write one of them", COMPRESSION.key(), got));
        }
    }
}
