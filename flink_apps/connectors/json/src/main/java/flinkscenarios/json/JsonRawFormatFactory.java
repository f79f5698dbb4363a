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
 * CREATE TABLE trips (trip_id BIGINT, fare_amount DOUBLE, `raw` BYTES, error STRING, error_code STRING)
 *     WITH ('connector' = 'kinesis', 'format' = 'json-raw', …)
 * }</pre>
 *
 * <p>Reading: each message gives one row. If the message is a JSON object with all declared fields, each of the
 * declared type, the columns have their values, and {@code error} is NULL. Otherwise all columns are NULL, and
 * {@code error} is the reason, without the value. The column {@code error_code}, which a table may leave out, is the
 * name of the reason's {@link ErrorCode}: compare it, and not the text. In both cases {@code raw} is the message
 * itself; it is empty for a message without a value. Nothing is lost, and nothing stops the job. The format checks all
 * declared columns, also those that the query does not read.
 *
 * <p>The rules for values:
 *
 * <ul>
 *   <li>BIGINT, INT and SMALLINT are integers in their range, without fraction and exponent: neither {@code 1.0} nor
 *       {@code 1e3}.
 *   <li>DOUBLE is any number that is finite as a double.
 *   <li>STRING is a string, BOOLEAN is true or false.
 *   <li>null is none of them; it stands for an absent field among the {@code optional-columns}.
 * </ul>
 *
 * <p>The rules for messages:
 *
 * <ul>
 *   <li>Names are case-sensitive. The field of a column may occur only once. Fields without a column are skipped.
 *   <li>Text is well-formed Unicode. Nesting has at most 500 levels. Only white space may follow the object.
 *   <li>A message has at most {@code max-bytes}, if that is set.
 * </ul>
 *
 * <p>Of several errors the first one counts; a missing field comes last.
 *
 * <p>Writing: the message is {@code raw}, as it is. Other columns are for the connector, for example as the partition
 * key.
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
                JsonRawOptions.ERROR_CODE_COLUMN,
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
