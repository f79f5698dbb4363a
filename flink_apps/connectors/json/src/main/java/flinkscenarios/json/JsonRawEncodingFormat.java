package flinkscenarios.json;

import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.format.EncodingFormat;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.VarBinaryType;

/** Gives a sink the {@link JsonRawSerializationSchema}; the table needs only the column with the bytes. */
final class JsonRawEncodingFormat implements EncodingFormat<SerializationSchema<RowData>> {

    private static final LogicalType BYTES = new VarBinaryType(VarBinaryType.MAX_LENGTH);

    private final JsonRawOptions options;

    JsonRawEncodingFormat(JsonRawOptions options) {
        this.options = options;
    }

    @Override
    public SerializationSchema<RowData> createRuntimeEncoder(DynamicTableSink.Context context, DataType consumed) {
        RowType row = (RowType) consumed.getLogicalType();
        int position = row.getFieldIndex(options.rawColumn());
        if (position < 0 || !row.getTypeAt(position).copy(true).equals(BYTES)) {
            throw new ValidationException(
                    String.format(
                            "a table with the format 'json-raw' must have the column `%s` BYTES (got %s);"
                                    + " declare it, or name another one by 'raw-column'",
                            options.rawColumn(), row.asSummaryString()));
        }
        return new JsonRawSerializationSchema(options.rawColumn(), position);
    }

    @Override
    public ChangelogMode getChangelogMode() {
        return ChangelogMode.insertOnly();
    }
}
