package flinkscenarios.kinesis;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequestEntry;
import software.amazon.awssdk.services.kinesis.model.PutRecordsResultEntry;
import software.amazon.awssdk.services.kinesis.model.Record;

/** A stream in memory, which is split and merged, and fails, as it is told. */
final class ModelStream implements KinesisService {

    private static final BigInteger HIGHEST = BigInteger.TWO.pow(128).subtract(BigInteger.ONE);

    /** A shard and its records. */
    static final class Log {
        final Shard shard;
        final List<Record> records = new ArrayList<>();
        boolean closed;
        boolean dropped;

        /** How many of the oldest records are no longer kept. */
        int trimmed;

        /** What is next in the shard's own event time. */
        long time;

        private Log(Shard shard) {
            this.shard = shard;
        }
    }

    private final Random random;
    private final Map<String, Log> logs = new LinkedHashMap<>();
    private long lastSequence;
    private int epoch;

    /** How likely it is that a call is beyond a limit, and that it has no answer. */
    double throttled;

    double unavailable;
    int calls;

    ModelStream(Random random, int shards) {
        this.random = random;
        BigInteger width = HIGHEST.divide(BigInteger.valueOf(shards)).add(BigInteger.ONE);
        for (int i = 0; i < shards; i++) {
            BigInteger first = width.multiply(BigInteger.valueOf(i));
            open(List.of(), first, first.add(width).subtract(BigInteger.ONE).min(HIGHEST));
        }
    }

    private Log open(List<String> parents, BigInteger first, BigInteger last) {
        Log log = new Log(new Shard("shardId-" + (100_000_000_000L + logs.size()), parents, first, last));
        logs.put(log.shard.id(), log);
        return log;
    }

    List<Log> open() {
        return logs.values().stream().filter(log -> !log.closed).collect(Collectors.toList());
    }

    Log log(String shardId) {
        return logs.get(shardId);
    }

    /** A key whose records go to this place among the hash keys, from 0 to 1. */
    static BigInteger hashKey(double place) {
        return new java.math.BigDecimal(HIGHEST).multiply(java.math.BigDecimal.valueOf(place)).toBigInteger();
    }

    Log owner(BigInteger hashKey) {
        return open().stream().filter(log -> log.shard.takes(hashKey)).findFirst().orElseThrow();
    }

    void put(BigInteger hashKey, String key, byte[] data) {
        put(owner(hashKey), key, data, 1_000_000 + lastSequence);
    }

    void put(Log log, String key, byte[] data, long arrivalMillis) {
        log.records.add(
                Record.builder()
                        .partitionKey(key)
                        .data(SdkBytes.fromByteArrayUnsafe(data))
                        .sequenceNumber(String.valueOf(++lastSequence))
                        .approximateArrivalTimestamp(Instant.ofEpochMilli(arrivalMillis))
                        .build());
    }

    void put(Log log, String text) {
        put(log, "key", text.getBytes(StandardCharsets.UTF_8), 1_000_000 + lastSequence);
    }

    List<Log> split(Log log) {
        log.closed = true;
        BigInteger middle = log.shard.firstHashKey().add(log.shard.lastHashKey()).shiftRight(1);
        List<Log> children =
                List.of(
                        open(List.of(log.shard.id()), log.shard.firstHashKey(), middle),
                        open(List.of(log.shard.id()), middle.add(BigInteger.ONE), log.shard.lastHashKey()));
        children.forEach(child -> child.time = log.time);
        return children;
    }

    /** Merges a shard with its neighbour; false if it has none. */
    boolean merge(Log log) {
        for (Log other : open()) {
            if (other.shard.firstHashKey().equals(log.shard.lastHashKey().add(BigInteger.ONE))) {
                log.closed = true;
                other.closed = true;
                Log child =
                        open(
                                List.of(log.shard.id(), other.shard.id()),
                                log.shard.firstHashKey(),
                                other.shard.lastHashKey());
                child.time = Math.max(log.time, other.time);
                return true;
            }
        }
        return false;
    }

    /** Makes all iterators that there are too old. */
    void expireIterators() {
        epoch++;
    }

    @Override
    public List<Shard> shards() {
        fail();
        return logs.values().stream().filter(log -> !log.dropped).map(log -> log.shard).collect(Collectors.toList());
    }

    @Override
    public String iterator(String shardId, Position position) {
        fail();
        Log log = kept(shardId);
        int index = log.trimmed;
        if (position.kind() == Position.Kind.SINCE) {
            while (index < log.records.size()
                    && log.records.get(index).approximateArrivalTimestamp().toEpochMilli() < position.number()) {
                index++;
            }
        } else if (position.kind() != Position.Kind.OLDEST) {
            index = indexOf(log, position.sequenceNumber());
            if (index < log.trimmed) {
                throw failure(ServiceException.Kind.NO_POSITION);
            }
            index += position.kind() == Position.Kind.AFTER ? 1 : 0;
        }
        return shardId + "/" + index + "/" + epoch;
    }

    private static int indexOf(Log log, String sequence) {
        for (int i = 0; i < log.records.size(); i++) {
            if (log.records.get(i).sequenceNumber().equals(sequence)) {
                return i;
            }
        }
        throw failure(ServiceException.Kind.NO_POSITION);
    }

    @Override
    public Page records(String iterator, int limit) {
        fail();
        String[] parts = iterator.split("/");
        if (Integer.parseInt(parts[2]) != epoch) {
            throw failure(ServiceException.Kind.EXPIRED_ITERATOR);
        }
        Log log = kept(parts[0]);
        int from = Math.max(log.trimmed, Integer.parseInt(parts[1]));
        int size = log.records.size();
        int to = Math.min(size, from + Math.min(limit, random.nextInt(5)));
        String next = to == size && log.closed ? null : parts[0] + "/" + to + "/" + epoch;
        return new Page(List.copyOf(log.records.subList(from, to)), next, to == size ? 0 : 1000);
    }

    private Log kept(String shardId) {
        Log log = logs.get(shardId);
        if (log == null || log.dropped) {
            throw failure(ServiceException.Kind.NOT_FOUND);
        }
        return log;
    }

    private void fail() {
        calls++;
        double chance = random.nextDouble();
        if (chance < throttled) {
            throw failure(ServiceException.Kind.THROTTLED);
        }
        if (chance > 1 - unavailable) {
            throw failure(ServiceException.Kind.UNAVAILABLE);
        }
    }

    private static ServiceException failure(ServiceException.Kind kind) {
        return new ServiceException(kind, "the model says " + kind, null);
    }

    @Override
    public List<PutRecordsResultEntry> put(List<PutRecordsRequestEntry> entries) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        // Shared by all.
    }
}
