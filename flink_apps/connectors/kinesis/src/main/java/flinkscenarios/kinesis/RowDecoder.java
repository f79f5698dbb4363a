package flinkscenarios.kinesis;

import java.io.IOException;
import java.io.Serializable;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.utils.JoinedRowData;
import org.apache.flink.util.Collector;

/** Makes rows of records: what the format makes of the data, and behind it the metadata that the table asks for. */
final class RowDecoder implements Serializable {

    private static final long serialVersionUID = 1L;

    private final DeserializationSchema<RowData> format;
    private final MetadataColumn[] metadata;

    private transient Rows rows;

    RowDecoder(DeserializationSchema<RowData> format, MetadataColumn... metadata) {
        this.format = format;
        this.metadata = metadata.clone();
    }

    void open(DeserializationSchema.InitializationContext context) throws Exception {
        format.open(context);
        rows = new Rows();
    }

    /** Emits the rows of a record, with its time of arrival: none, one, or more, as the format has it. */
    void decode(UserRecord record, StringData shardId, SourceOutput<RowData> output) throws IOException {
        rows.record = record;
        rows.shardId = shardId;
        rows.output = output;
        format.deserialize(record.data(), rows);
    }

    private final class Rows implements Collector<RowData> {

        private UserRecord record;
        private StringData shardId;
        private SourceOutput<RowData> output;

        @Override
        public void collect(RowData row) {
            output.collect(metadata.length == 0 ? row : withMetadata(row), record.arrivalMillis());
        }

        @Override
        public void close() {
            // The output is not this object's.
        }

        private RowData withMetadata(RowData row) {
            GenericRowData values = new GenericRowData(metadata.length);
            for (int i = 0; i < metadata.length; i++) {
                values.setField(i, metadata[i].of(record, shardId));
            }
            return new JoinedRowData(row.getRowKind(), row, values);
        }
    }
}
