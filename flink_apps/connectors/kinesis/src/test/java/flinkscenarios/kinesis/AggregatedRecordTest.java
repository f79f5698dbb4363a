package flinkscenarios.kinesis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AggregatedRecordTest {

    /** An aggregated record: of each text one, with the text's first letter as its key; hash keys may be null. */
    static byte[] aggregated(List<String> texts, List<String> hashKeys) throws Exception {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        for (String text : texts) {
            field(message, 1, bytes(text.substring(0, 1)));
        }
        for (String hashKey : hashKeys) {
            if (hashKey != null) {
                field(message, 2, bytes(hashKey));
            }
        }
        int known = 0;
        for (int i = 0; i < texts.size(); i++) {
            ByteArrayOutputStream record = new ByteArrayOutputStream();
            record.write(1 << 3);
            varint(record, i);
            if (hashKeys.get(i) != null) {
                record.write(2 << 3);
                varint(record, known++);
            }
            field(record, 3, bytes(texts.get(i)));
            // A tag, which nobody reads.
            field(record, 4, bytes("tag"));
            field(message, 3, record.toByteArray());
        }
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        whole.write(new byte[] {(byte) 0xF3, (byte) 0x89, (byte) 0x9A, (byte) 0xC2});
        whole.write(message.toByteArray());
        whole.write(MessageDigest.getInstance("MD5").digest(message.toByteArray()));
        return whole.toByteArray();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static void field(ByteArrayOutputStream out, int number, byte[] bytes) {
        out.write(number << 3 | 2);
        varint(out, bytes.length);
        out.write(bytes, 0, bytes.length);
    }

    private static void varint(ByteArrayOutputStream out, int number) {
        int rest = number;
        for (; rest > 127; rest >>>= 7) {
            out.write(rest & 127 | 128);
        }
        out.write(rest);
    }

    private static List<String> nothings(int count) {
        List<String> nothings = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            nothings.add(null);
        }
        return nothings;
    }

    @Test
    void theUserRecordsComeInTheirOrderWithTheirKeys() throws Exception {
        List<String> texts = List.of("a1", "b" + "x".repeat(300), "c3");
        List<AggregatedRecord.Part> parts = AggregatedRecord.parts(aggregated(texts, nothings(3)));
        for (int i = 0; i < 3; i++) {
            assertEquals(texts.get(i), new String(parts.get(i).data, StandardCharsets.UTF_8));
            assertEquals(texts.get(i).substring(0, 1), parts.get(i).partitionKey);
        }
    }

    @Test
    void anExplicitHashKeyCountsInsteadOfThePartitionKeys() throws Exception {
        List<AggregatedRecord.Part> parts =
                AggregatedRecord.parts(aggregated(List.of("a1", "b2"), java.util.Arrays.asList("42", null)));
        assertEquals(BigInteger.valueOf(42), parts.get(0).hashKey());
        byte[] sum = MessageDigest.getInstance("MD5").digest(bytes("b"));
        assertEquals(new BigInteger(1, sum), parts.get(1).hashKey());
    }

    @Test
    void aRecordThatOnlyLooksLikeOneIsLeftAsItIs() throws Exception {
        byte[] record = aggregated(List.of("a1", "b2"), nothings(2));
        Random random = new Random(1);
        for (int i = 0; i < 2_000; i++) {
            byte[] broken = record.clone();
            int at = random.nextInt(broken.length);
            broken[at] ^= (byte) (1 + random.nextInt(255));
            assertNull(AggregatedRecord.parts(broken));
        }
        assertNull(AggregatedRecord.parts(new byte[0]));
        assertNull(AggregatedRecord.parts(new byte[] {(byte) 0xF3, (byte) 0x89, (byte) 0x9A, (byte) 0xC2, 1}));
    }
}
