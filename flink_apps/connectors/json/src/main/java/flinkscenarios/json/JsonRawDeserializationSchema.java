package flinkscenarios.json;

import java.util.List;
import javax.annotation.Nullable;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;

/** Makes a row of any message: with the values of its columns, or with the error that it has. Never throws. */
final class JsonRawDeserializationSchema implements DeserializationSchema<RowData> {

    private static final long serialVersionUID = 1L;

    private static final byte[] NOTHING = {};

    private final List<JsonColumn> columns;
    private final int maxBytes;
    private final int arity;
    private final int rawTarget;
    private final int errorTarget;
    private final int errorCodeTarget;
    private final TypeInformation<RowData> producedType;

    private transient JsonRecordParser parser;

    /**
     * @param columns all that are declared, also those that the query does not read
     * @param maxBytes the largest size of a message
     * @param arity number of columns of a row
     * @param rawTarget position of the bytes in a row, or {@link JsonColumn#NOT_PRODUCED}
     * @param errorTarget position of the reason in a row, or {@link JsonColumn#NOT_PRODUCED}
     * @param errorCodeTarget position of the error's code in a row, or {@link JsonColumn#NOT_PRODUCED}
     */
    JsonRawDeserializationSchema(
            List<JsonColumn> columns,
            int maxBytes,
            int arity,
            int rawTarget,
            int errorTarget,
            int errorCodeTarget,
            TypeInformation<RowData> producedType) {
        this.columns = List.copyOf(columns);
        this.maxBytes = maxBytes;
        this.arity = arity;
        this.rawTarget = rawTarget;
        this.errorTarget = errorTarget;
        this.errorCodeTarget = errorCodeTarget;
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
            checkSize(message);
            parser.parse(message, row);
        } catch (BadRecordException e) {
            row = new GenericRowData(arity);
            set(row, errorTarget, StringData.fromString(e.getMessage()));
            set(row, errorCodeTarget, e.code().toStringData());
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

    private void checkSize(@Nullable byte[] message) throws BadRecordException {
        if (message == null) {
            throw new BadRecordException(ErrorCode.NO_MESSAGE, "no message");
        }
        if (message.length == 0) {
            throw new BadRecordException(ErrorCode.EMPTY_MESSAGE, "empty message");
        }
        if (message.length > maxBytes) {
            throw new BadRecordException(ErrorCode.TOO_LARGE, "too large: more than " + maxBytes + " bytes");
        }
    }

    private static void set(GenericRowData row, int target, Object value) {
        if (target != JsonColumn.NOT_PRODUCED) {
            row.setField(target, value);
        }
    }
}
