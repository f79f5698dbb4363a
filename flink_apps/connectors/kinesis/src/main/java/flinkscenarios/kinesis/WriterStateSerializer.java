package flinkscenarios.kinesis;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import org.apache.flink.connector.base.sink.writer.AsyncSinkWriterStateSerializer;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequestEntry;

/** The bytes, in a checkpoint, of records that wait to be put. */
final class WriterStateSerializer extends AsyncSinkWriterStateSerializer<PutRecordsRequestEntry> {

    @Override
    public int getVersion() {
        return 1;
    }

    @Override
    protected void serializeRequestToStream(PutRecordsRequestEntry entry, DataOutputStream out) throws IOException {
        out.writeUTF(entry.partitionKey());
        byte[] data = entry.data().asByteArrayUnsafe();
        out.writeInt(data.length);
        out.write(data);
    }

    @Override
    protected PutRecordsRequestEntry deserializeRequestFromStream(long size, DataInputStream in) throws IOException {
        String partitionKey = in.readUTF();
        byte[] data = new byte[in.readInt()];
        in.readFully(data);
        return PutRecordsRequestEntry.builder()
                .partitionKey(partitionKey)
                .data(SdkBytes.fromByteArrayUnsafe(data))
                .build();
    }
}
