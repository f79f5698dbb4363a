package flinkscenarios.kinesis;

import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.core.memory.DataOutputView;

/** The bytes of a shard and its position in a checkpoint, and on the way to a reader. */
final class ShardSplitSerializer implements SimpleVersionedSerializer<ShardSplit> {

    private static final int VERSION = 1;

    @Override
    public int getVersion() {
        return VERSION;
    }

    @Override
    public byte[] serialize(ShardSplit split) throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(128);
        write(split, out);
        return out.getCopyOfBuffer();
    }

    @Override
    public ShardSplit deserialize(int version, byte[] bytes) throws IOException {
        if (version != VERSION) {
            throw new IOException(
                    String.format("a Kinesis shard in a savepoint must have version %d (got %d)", VERSION, version));
        }
        return read(new DataInputDeserializer(bytes));
    }

    static void write(ShardSplit split, DataOutputView out) throws IOException {
        Shard shard = split.shard();
        out.writeUTF(shard.id());
        out.writeInt(shard.parents().size());
        for (String parent : shard.parents()) {
            out.writeUTF(parent);
        }
        out.writeUTF(shard.firstHashKey().toString());
        out.writeUTF(shard.lastHashKey().toString());
        write(split.position(), out);
        out.writeBoolean(split.ended());
    }

    static ShardSplit read(DataInputView in) throws IOException {
        String id = in.readUTF();
        List<String> parents = new ArrayList<>();
        for (int count = in.readInt(); count > 0; count--) {
            parents.add(in.readUTF());
        }
        Shard shard = new Shard(id, parents, new BigInteger(in.readUTF()), new BigInteger(in.readUTF()));
        return new ShardSplit(shard, readPosition(in), in.readBoolean());
    }

    static void write(Position position, DataOutputView out) throws IOException {
        out.writeByte(position.kind().ordinal());
        out.writeBoolean(position.sequenceNumber() != null);
        if (position.sequenceNumber() != null) {
            out.writeUTF(position.sequenceNumber());
        }
        out.writeLong(position.number());
    }

    static Position readPosition(DataInputView in) throws IOException {
        Position.Kind kind = Position.Kind.values()[in.readByte()];
        String sequenceNumber = in.readBoolean() ? in.readUTF() : null;
        return Position.of(kind, sequenceNumber, in.readLong());
    }
}
