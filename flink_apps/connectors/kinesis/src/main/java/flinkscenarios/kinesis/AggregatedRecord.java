package flinkscenarios.kinesis;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.annotation.Nullable;

/**
 * Takes apart what the Kinesis Producer Library and its like put into one record.
 *
 * <p>The format is four fixed bytes, a message of Protocol Buffers, and the message's MD5 sum. The message has a table of
 * partition keys (field 1), one of explicit hash keys (2), and the user records (3): each the number of its partition key
 * (1), perhaps that of its explicit hash key (2), and its data (3).
 *
 * <p>It is read here because the libraries that do it come with clients of DynamoDB and CloudWatch.
 */
final class AggregatedRecord {

    private static final byte[] MAGIC = {(byte) 0xF3, (byte) 0x89, (byte) 0x9A, (byte) 0xC2};
    private static final int SUM_LENGTH = 16;
    private static final int VARINT = 0;
    private static final int LENGTH_DELIMITED = 2;

    /** A user record of the aggregated one. */
    static final class Part {

        final byte[] data;
        final String partitionKey;
        @Nullable private final String explicitHashKey;

        private Part(byte[] data, String partitionKey, @Nullable String explicitHashKey) {
            this.data = data;
            this.partitionKey = partitionKey;
            this.explicitHashKey = explicitHashKey;
        }

        /** What decides about the shard. */
        BigInteger hashKey() {
            return explicitHashKey != null
                    ? new BigInteger(explicitHashKey)
                    : new BigInteger(1, sum().digest(partitionKey.getBytes(StandardCharsets.UTF_8)));
        }
    }

    private AggregatedRecord() {}

    /** The user records in their order; null for a record that is none of these, and not meant to be taken apart. */
    @Nullable
    static List<Part> parts(byte[] record) {
        int end = record.length - SUM_LENGTH;
        if (end < MAGIC.length || !Arrays.equals(record, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
            return null;
        }
        MessageDigest sum = sum();
        sum.update(record, MAGIC.length, end - MAGIC.length);
        if (!Arrays.equals(sum.digest(), Arrays.copyOfRange(record, end, record.length))) {
            return null;
        }
        try {
            return parts(new Message(record, MAGIC.length, end));
        } catch (IndexOutOfBoundsException e) {
            return null;
        }
    }

    private static List<Part> parts(Message message) {
        List<String> partitionKeys = new ArrayList<>();
        List<String> hashKeys = new ArrayList<>();
        List<Message> records = new ArrayList<>();
        while (message.next()) {
            if (message.field == 1) {
                partitionKeys.add(message.value.text());
            } else if (message.field == 2) {
                hashKeys.add(message.value.text());
            } else if (message.field == 3) {
                records.add(message.value);
            }
        }
        List<Part> parts = new ArrayList<>(records.size());
        for (Message record : records) {
            parts.add(part(record, partitionKeys, hashKeys));
        }
        return parts;
    }

    private static Part part(Message record, List<String> partitionKeys, List<String> hashKeys) {
        byte[] data = {};
        int partitionKey = -1;
        String hashKey = null;
        while (record.next()) {
            if (record.field == 1) {
                partitionKey = (int) record.number;
            } else if (record.field == 2) {
                hashKey = hashKeys.get((int) record.number);
            } else if (record.field == 3) {
                data = record.value.bytes();
            }
        }
        return new Part(data, partitionKeys.get(partitionKey), hashKey);
    }

    private static MessageDigest sum() {
        try {
            return MessageDigest.getInstance("MD5");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has MD5", e);
        }
    }

    /** A message of Protocol Buffers, field by field. */
    private static final class Message {

        private final byte[] bytes;
        private final int end;
        private int at;

        private int field;
        private long number;
        private Message value;

        private Message(byte[] bytes, int start, int end) {
            this.bytes = bytes;
            this.at = start;
            this.end = end;
        }

        /** Reads the next field; false at the end. */
        private boolean next() {
            if (at >= end) {
                return false;
            }
            long tag = varint();
            field = (int) (tag >>> 3);
            int type = (int) tag & 7;
            if (type == VARINT) {
                number = varint();
                value = new Message(bytes, at, at);
            } else if (type == LENGTH_DELIMITED) {
                long length = varint();
                if (length < 0 || length > end - at) {
                    throw new IndexOutOfBoundsException();
                }
                value = new Message(bytes, at, at + (int) length);
                at += (int) length;
            } else {
                throw new IndexOutOfBoundsException();
            }
            return true;
        }

        private long varint() {
            long result = 0;
            for (int shift = 0; shift < Long.SIZE; shift += 7) {
                if (at >= end) {
                    throw new IndexOutOfBoundsException();
                }
                byte next = bytes[at++];
                result |= (next & 0x7FL) << shift;
                if (next >= 0) {
                    return result;
                }
            }
            throw new IndexOutOfBoundsException();
        }

        private byte[] bytes() {
            return Arrays.copyOfRange(bytes, at, end);
        }

        private String text() {
            return new String(bytes, at, end - at, StandardCharsets.UTF_8);
        }
    }
}
