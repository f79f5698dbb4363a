package flinkscenarios.kinesis;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/** The bytes of an {@link EnumeratorState} in a checkpoint. */
final class EnumeratorStateSerializer implements SimpleVersionedSerializer<EnumeratorState> {

    private static final int VERSION = 1;

    @Override
    public int getVersion() {
        return VERSION;
    }

    @Override
    public byte[] serialize(EnumeratorState state) throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(1024);
        out.writeUTF(state.stream());
        ShardSplitSerializer.write(state.initialPosition(), out);
        out.writeInt(state.entries().size());
        for (EnumeratorState.Entry entry : state.entries()) {
            ShardSplitSerializer.write(entry.split, out);
            out.writeByte(entry.status.ordinal());
        }
        return out.getCopyOfBuffer();
    }

    @Override
    public EnumeratorState deserialize(int version, byte[] bytes) throws IOException {
        if (version != VERSION) {
            throw new IOException(
                    String.format("Kinesis shards in a savepoint must have version %d (got %d)", VERSION, version));
        }
        DataInputDeserializer in = new DataInputDeserializer(bytes);
        String stream = in.readUTF();
        Position initialPosition = ShardSplitSerializer.readPosition(in);
        List<EnumeratorState.Entry> entries = new ArrayList<>();
        for (int count = in.readInt(); count > 0; count--) {
            ShardSplit split = ShardSplitSerializer.read(in);
            entries.add(new EnumeratorState.Entry(split, EnumeratorState.Status.values()[in.readByte()]));
        }
        return new EnumeratorState(stream, initialPosition, entries);
    }
}
