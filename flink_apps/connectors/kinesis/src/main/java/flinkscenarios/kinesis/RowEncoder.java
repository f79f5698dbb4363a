package flinkscenarios.kinesis;

import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.base.sink.writer.ElementConverter;
import org.apache.flink.table.data.RowData;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequestEntry;

/** Makes records of rows: the format's bytes, and a partition key. */
final class RowEncoder implements ElementConverter<RowData, PutRecordsRequestEntry> {

    private static final long serialVersionUID = 1L;

    private final SerializationSchema<RowData> format;
    private final PartitionKeys keys;

    RowEncoder(SerializationSchema<RowData> format, PartitionKeys keys) {
        this.format = format;
        this.keys = keys;
    }

    /** To be called by the sink: Flink's base classes do not agree on who calls their method of this name. */
    void prepare(WriterInitContext context) {
        try {
            format.open(context.asSerializationSchemaInitializationContext());
        } catch (Exception e) {
            throw new IllegalStateException("the format of records does not open: " + e.getMessage(), e);
        }
        keys.open(context.getTaskInfo().getIndexOfThisSubtask());
    }

    @Override
    public PutRecordsRequestEntry apply(RowData row, SinkWriter.Context context) {
        return PutRecordsRequestEntry.builder()
                .data(SdkBytes.fromByteArrayUnsafe(format.serialize(row)))
                .partitionKey(keys.of(row))
                .build();
    }
}
