package flinkscenarios.kinesis;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequestEntry;

class SerializersTest {

    private static final Shard SHARD =
            new Shard("shardId-2", List.of("shardId-0", "shardId-1"), BigInteger.ZERO, BigInteger.TWO.pow(128));

    private static final List<Position> POSITIONS =
            List.of(
                    Position.OLDEST,
                    Position.since(Instant.ofEpochMilli(1_700_000_000_123L)),
                    Position.after("49590338271490256608559692538361571095921575989136588898"),
                    Position.inside("49590338271490256608559692538361571095921575989136588898", 7));

    @Test
    void aShardComesBackAsItWas() throws IOException {
        ShardSplitSerializer serializer = new ShardSplitSerializer();
        for (Position position : POSITIONS) {
            for (boolean ended : new boolean[] {false, true}) {
                ShardSplit split = new ShardSplit(SHARD, position, ended);
                assertEquals(split, serializer.deserialize(serializer.getVersion(), serializer.serialize(split)));
            }
        }
    }

    @Test
    void whatTheEnumeratorKnowsComesBackAsItWas() throws IOException {
        EnumeratorStateSerializer serializer = new EnumeratorStateSerializer();
        for (EnumeratorState.Status status : EnumeratorState.Status.values()) {
            List<EnumeratorState.Entry> entries =
                    List.of(new EnumeratorState.Entry(new ShardSplit(SHARD, Position.OLDEST, false), status));
            EnumeratorState state = new EnumeratorState("arn", POSITIONS.get(1), entries);
            EnumeratorState back = serializer.deserialize(serializer.getVersion(), serializer.serialize(state));
            assertEquals("arn", back.stream());
            assertEquals(POSITIONS.get(1), back.initialPosition());
            assertEquals(entries, back.entries());
        }
    }

    /** Savepoints outlive versions of the connector: what one has written, all later ones read. */
    @Test
    void theBytesOfTheFirstVersionAreRead() throws IOException {
        String bytes =
                "0009" + "73686172644964" + "2d32" // shardId-2
                        + "00000001" + "0009" + "73686172644964" + "2d30" // of shardId-0
                        + "0001" + "30" + "0003" + "313030" // the hash keys from 0 to 100
                        + "02" + "01" + "0002" + "3432" + "0000000000000000" // after 42
                        + "00"; // not ended
        ShardSplit split = new ShardSplitSerializer().deserialize(1, parse(bytes));
        Shard shard = new Shard("shardId-2", List.of("shardId-0"), BigInteger.ZERO, BigInteger.valueOf(100));
        assertEquals(new ShardSplit(shard, Position.after("42"), false), split);
    }

    private static byte[] parse(String hex) {
        byte[] bytes = new byte[hex.length() / 2];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Integer.parseInt(hex.substring(2 * i, 2 * i + 2), 16);
        }
        return bytes;
    }

    @Test
    void anotherVersionIsRefused() {
        IOException split = assertThrows(IOException.class, () -> new ShardSplitSerializer().deserialize(2, new byte[0]));
        assertEquals("a Kinesis shard in a savepoint must have version 1 (got 2)", split.getMessage());
        IOException state =
                assertThrows(IOException.class, () -> new EnumeratorStateSerializer().deserialize(9, new byte[0]));
        assertEquals("Kinesis shards in a savepoint must have version 1 (got 9)", state.getMessage());
    }

    @Test
    void aRecordThatWaitsComesBackAsItWas() throws IOException {
        PutRecordsRequestEntry entry =
                PutRecordsRequestEntry.builder()
                        .partitionKey("Lilienstraße")
                        .data(SdkBytes.fromByteArray(new byte[] {1, 2, 3}))
                        .build();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        WriterStateSerializer serializer = new WriterStateSerializer();
        serializer.serializeRequestToStream(entry, new DataOutputStream(bytes));
        PutRecordsRequestEntry back =
                serializer.deserializeRequestFromStream(
                        0, new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())));
        assertEquals(entry.partitionKey(), back.partitionKey());
        assertArrayEquals(entry.data().asByteArray(), back.data().asByteArray());
    }
}
