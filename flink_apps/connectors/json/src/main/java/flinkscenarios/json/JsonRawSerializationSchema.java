package flinkscenarios.json;

import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.table.data.RowData;

/** The bytes of one column are the message. */
final class JsonRawSerializationSchema implements SerializationSchema<RowData> {

    private static final long serialVersionUID = 1L;

    private final String column;
    private final int position;

    /** @param position of the column in the row */
    JsonRawSerializationSchema(String column, int position) {
        this.column = column;
        this.position = position;
    }

    @Override
    public byte[] serialize(RowData row) {
        if (row.isNullAt(position)) {
            throw new IllegalArgumentException(
                    String.format(
                            "column '%s' must be the bytes of a message (got NULL); filter with `%s` IS NOT NULL",
                            column, column));
        }
        return row.getBinary(position);
    }
}
