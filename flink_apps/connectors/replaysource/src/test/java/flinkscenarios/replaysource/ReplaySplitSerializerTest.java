package flinkscenarios.replaysource;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.apache.flink.connector.file.src.FileSourceSplit;
import org.apache.flink.connector.file.src.util.CheckpointedPosition;
import org.apache.flink.core.fs.Path;
import org.junit.jupiter.api.Test;

class ReplaySplitSerializerTest {

    private final ReplaySplitSerializer serializer = new ReplaySplitSerializer();

    private FileSourceSplit written(FileSourceSplit split) throws IOException {
        return serializer.deserialize(serializer.getVersion(), serializer.serialize(split));
    }

    @Test
    void aFileKeepsThePlaceInIt() throws IOException {
        CheckpointedPosition position = new CheckpointedPosition(CheckpointedPosition.NO_OFFSET, 17);
        FileSourceSplit file =
                new FileSourceSplit("7", new Path("/a/b"), 0, 5, 3, 5).updateWithCheckpointedPosition(position);
        FileSourceSplit read = written(file);
        assertEquals("7", read.splitId());
        assertEquals(file.path(), read.path());
        assertEquals(Optional.of(position), read.getReaderPosition());
    }

    @Test
    void theProgressKeepsTheTimeLineAndTheRows() throws IOException {
        ReplayBuffer.Entry entry = new ReplayBuffer.Entry(40, 3, new byte[] {4, 0});
        ReplayProgress read =
                assertInstanceOf(ReplayProgress.class, written(new ReplayProgress("json(time)", 30, 20, 3, List.of(entry))));
        assertEquals("json(time)", read.origin);
        assertEquals(List.of(30L, 20L, 3L), List.of(read.positionMillis, read.latestMillis, read.rowsRead));
        assertEquals(1, read.buffered.size());
        assertEquals(40, read.buffered.get(0).timeMillis);
        assertEquals(3, read.buffered.get(0).number);
        assertArrayEquals(new byte[] {4, 0}, read.buffered.get(0).row);
    }

    @Test
    void aStateOfAnotherVersionIsRefused() throws IOException {
        byte[] state = serializer.serialize(new ReplayProgress("json(time)", 30, 20, 3, List.of()));
        String message = assertThrows(IOException.class, () -> serializer.deserialize(1, state)).getMessage();
        assertEquals("the state of a replay must be of version 2 (got 1); start without it", message);
    }
}
