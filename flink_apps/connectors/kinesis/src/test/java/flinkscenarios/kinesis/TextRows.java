package flinkscenarios.kinesis;

import java.nio.charset.StandardCharsets;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;

/** A format of one column: the record's text. */
final class TextRows implements DeserializationSchema<RowData> {

    private static final long serialVersionUID = 1L;

    @Override
    public RowData deserialize(byte[] message) {
        return GenericRowData.of(StringData.fromString(new String(message, StandardCharsets.UTF_8)));
    }

    @Override
    public boolean isEndOfStream(RowData row) {
        return false;
    }

    @Override
    public TypeInformation<RowData> getProducedType() {
        return TypeInformation.of(RowData.class);
    }
}
