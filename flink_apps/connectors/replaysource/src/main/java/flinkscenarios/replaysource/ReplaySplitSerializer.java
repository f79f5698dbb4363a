package flinkscenarios.replaysource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.connector.file.src.FileSourceSplit;
import org.apache.flink.connector.file.src.FileSourceSplitSerializer;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/** Serializes the splits of a replay: a file with the position in it, or the {@link ReplayProgress}. */
final class ReplaySplitSerializer implements SimpleVersionedSerializer<FileSourceSplit> {

    private static final int VERSION = 2;
    private static final int FILE = 0;
    private static final int PROGRESS = 1;
    private static final int INITIAL_BYTES = 1024;

    private final FileSourceSplitSerializer files = FileSourceSplitSerializer.INSTANCE;

    @Override
    public int getVersion() {
        return VERSION;
    }

    @Override
    public byte[] serialize(FileSourceSplit split) throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(INITIAL_BYTES);
        if (split instanceof ReplayProgress) {
            out.writeByte(PROGRESS);
            write((ReplayProgress) split, out);
        } else {
            out.writeByte(FILE);
            out.writeInt(files.getVersion());
            writeBytes(files.serialize(split), out);
        }
        return out.getCopyOfBuffer();
    }

    @Override
    public FileSourceSplit deserialize(int version, byte[] serialized) throws IOException {
        if (version != VERSION) {
            throw new IOException(
                    String.format(
                            "the state of a replay must be of version %d (got %d); start without it",
                            VERSION, version));
        }
        DataInputDeserializer in = new DataInputDeserializer(serialized);
        if (in.readByte() == PROGRESS) {
            return readProgress(in);
        }
        return files.deserialize(in.readInt(), readBytes(in));
    }

    private static void write(ReplayProgress progress, DataOutputSerializer out) throws IOException {
        writeBytes(progress.origin.getBytes(StandardCharsets.UTF_8), out);
        out.writeLong(progress.positionMillis);
        out.writeLong(progress.latestMillis);
        out.writeLong(progress.rowsRead);
        out.writeInt(progress.buffered.size());
        for (ReplayBuffer.Entry entry : progress.buffered) {
            out.writeLong(entry.timeMillis);
            out.writeLong(entry.number);
            writeBytes(entry.row, out);
        }
    }

    private static ReplayProgress readProgress(DataInputDeserializer in) throws IOException {
        String origin = new String(readBytes(in), StandardCharsets.UTF_8);
        long positionMillis = in.readLong();
        long latestMillis = in.readLong();
        long rowsRead = in.readLong();
        int size = in.readInt();
        List<ReplayBuffer.Entry> buffered = new ArrayList<>(size);
        for (int i = 0; i < size; i++) {
            buffered.add(new ReplayBuffer.Entry(in.readLong(), in.readLong(), readBytes(in)));
        }
        return new ReplayProgress(origin, positionMillis, latestMillis, rowsRead, buffered);
    }

    private static void writeBytes(byte[] bytes, DataOutputSerializer out) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static byte[] readBytes(DataInputDeserializer in) throws IOException {
        byte[] bytes = new byte[in.readInt()];
        in.readFully(bytes);
        return bytes;
    }
}
