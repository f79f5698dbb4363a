package flinkscenarios.json;

import java.util.List;
import javax.annotation.Nullable;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;

/** Makes a row of a message, whatever it is: with its columns, or with the reason why it has none. Never throws. */
final class JsonRawDeserializationSchema implements DeserializationSchema<RowData> {

    private static final long serialVersionUID = 1L;

    private static final byte[] NOTHING = {};

    private final List<JsonColumn> columns;
    private final int maxBytes;
    private final int arity;
    private final int rawTarget;
    private final int errorTarget;
    private final TypeInformation<RowData> producedType;

    private transient JsonRecordParser parser;

    /**
     * @param columns all that are declared, also those that the query does not read
     * @param maxBytes of a message, at the most
     * @param arity number of columns of a row
     * @param rawTarget position of the bytes in a row, or {@link JsonColumn#NOWHERE}
     * @param errorTarget position of the reason in a row, or {@link JsonColumn#NOWHERE}
     */
    JsonRawDeserializationSchema(
            List<JsonColumn> columns,
            int maxBytes,
            int arity,
            int rawTarget,
            int errorTarget,
            TypeInformation<RowData> producedType) {
        this.columns = List.copyOf(columns);
        this.maxBytes = maxBytes;
        this.arity = arity;
        this.rawTarget = rawTarget;
        this.errorTarget = errorTarget;
        this.producedType = producedType;
    }

    @Override
    public void open(InitializationContext context) {
        parser = new JsonRecordParser(columns.toArray(new JsonColumn[0]));
    }

    @Override
    public RowData deserialize(@Nullable byte[] message) {
        // A new row each time: the Kinesis source queues rows between two threads.
        GenericRowData row = new GenericRowData(arity);
        try {
            if (message == null || message.length == 0) {
                throw new BadRecordException(message == null ? "no message" : "empty message");
            }
            if (message.length > maxBytes) {
                throw new BadRecordException("too large: more than " + maxBytes + " bytes");
            }
            parser.parse(message, row);
        } catch (BadRecordException e) {
            row = new GenericRowData(arity);
            set(row, errorTarget, StringData.fromString(e.getMessage()));
        }
        // Empty instead of NULL, so that a tombstone can be written on like any other message.
        set(row, rawTarget, message == null ? NOTHING : message);
        return row;
    }

    @Override
    public boolean isEndOfStream(RowData nextElement) {
        return false;
    }

    @Override
    public TypeInformation<RowData> getProducedType() {
        return producedType;
    }

    private static void set(GenericRowData row, int target, Object value) {
        if (target != JsonColumn.NOWHERE) {
            row.setField(target, value);
        }
    }
}
