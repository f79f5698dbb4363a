package flinkscenarios.json;

import java.util.Set;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.connector.format.DecodingFormat;
import org.apache.flink.table.connector.format.EncodingFormat;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DeserializationFormatFactory;
import org.apache.flink.table.factories.DynamicTableFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.factories.SerializationFormatFactory;

/**
 * Format {@code json-raw}: JSON that keeps the bytes it came from.
 *
 * <pre>{@code
 * CREATE TABLE trips (trip_id BIGINT, fare_amount DOUBLE, `raw` BYTES, error STRING)
 *     WITH ('connector' = 'kinesis', 'format' = 'json-raw', …)
 * }</pre>
 *
 * <p>Reading: each message gives one row. When it is a JSON object with all the declared fields, each of the declared
 * type, the columns have their values and {@code error} is NULL. Else all columns are NULL and {@code error} is the
 * reason, without the value. In both cases {@code raw} is the very message (empty for one without a value): nothing is
 * lost, and nothing stops the job. All declared columns are checked, also those that the query does not read.
 *
 * <p>The rules: BIGINT, INT and SMALLINT are written without fraction and exponent (neither {@code 1.0} nor
 * {@code 1e3}), and fit; DOUBLE is any number that is finite as a double; STRING is a string; BOOLEAN is true or false;
 * null is none of them, but stands for a field among the {@code optional-columns} that is left out. Names are told apart by case. No column's field may come twice. Fields without a column are
 * skipped. Text is well-formed Unicode, nesting ends at 500 levels, and after the object comes white space at most. A
 * message is no larger than {@code max-bytes}, if that is set. Of several faults the reason is the first; a field that
 * is missing comes last.
 *
 * <p>Writing: the message is {@code raw}, as it is. Other columns are for the connector, say as the partition key.
 *
 * <p>Flink's own {@code json} writes a record anew from its columns, which costs as much as reading it and drops what
 * has no column; and it either stops at a bad record or drops it silently.
 */
public final class JsonRawFormatFactory implements DeserializationFormatFactory, SerializationFormatFactory {

    @Override
    public String factoryIdentifier() {
        return "json-raw";
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Set.of();
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return Set.of(
                JsonRawOptions.RAW_COLUMN,
                JsonRawOptions.ERROR_COLUMN,
                JsonRawOptions.MAX_BYTES,
                JsonRawOptions.OPTIONAL_COLUMNS);
    }

    @Override
    public DecodingFormat<DeserializationSchema<RowData>> createDecodingFormat(
            DynamicTableFactory.Context context, ReadableConfig options) {
        return JsonRawDecodingFormat.of(context, validated(options));
    }

    @Override
    public EncodingFormat<SerializationSchema<RowData>> createEncodingFormat(
            DynamicTableFactory.Context context, ReadableConfig options) {
        return new JsonRawEncodingFormat(validated(options));
    }

    private JsonRawOptions validated(ReadableConfig options) {
        // Before Flink looks at the values: its messages name neither the value nor the rule.
        JsonRawOptions validated = JsonRawOptions.from(options);
        FactoryUtil.validateFactoryOptions(this, options);
        return validated;
    }
}
