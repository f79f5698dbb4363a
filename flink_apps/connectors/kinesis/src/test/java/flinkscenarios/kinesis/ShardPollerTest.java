package flinkscenarios.kinesis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.junit.jupiter.api.Test;

class ShardPollerTest {

    private final ModelStream stream = new ModelStream(new Random(1), 1);
    private final ModelStream.Log log = stream.open().get(0);

    private ShardPoller poller(Position position) {
        return new ShardPoller(
                stream,
                new ShardSplit(log.shard, position, false),
                new PollingPace(1000, Duration.ofMillis(250), true, () -> 0.5),
                new ShardMetrics(
                        UnregisteredMetricsGroup.createSourceReaderMetricGroup(), ModelJob.STREAM, log.shard.id()),
                new Silence(Duration.ZERO, () -> 0));
    }

    /** What a shard gives in some calls: the texts, and "end" at its end. */
    private static List<String> texts(ShardPoller poller, int calls) {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < calls; i++) {
            Fetched fetched = poller.poll();
            fetched.records().forEach(record -> texts.add(ModelJob.text(record.data())));
            if (fetched.ended()) {
                texts.add("end");
                break;
            }
        }
        return texts;
    }

    private void put(String... texts) {
        Arrays.stream(texts).forEach(text -> stream.put(log, text));
    }

    @Test
    void aClosedShardHasAnEnd() {
        put("a", "b", "c");
        stream.split(log);
        assertEquals(List.of("a", "b", "c", "end"), texts(poller(Position.OLDEST), 20));
    }

    @Test
    void readingGoesOnWhereAPositionIs() {
        put("a", "b", "c", "d");
        String second = log.records.get(1).sequenceNumber();
        assertEquals(List.of("c", "d"), texts(poller(Position.after(second)), 20));
        Instant third = log.records.get(2).approximateArrivalTimestamp();
        assertEquals(List.of("c", "d"), texts(poller(Position.since(third)), 20));
    }

    @Test
    void anExpiredIteratorIsRenewedAfterTheLastRecord() {
        put("a", "b", "c");
        ShardPoller poller = poller(Position.OLDEST);
        assertEquals(List.of("a", "b", "c"), texts(poller, 20));
        put("d", "e");
        stream.expireIterators();
        assertEquals(List.of("d", "e"), texts(poller, 20));
    }

    @Test
    void aPositionThatTheStreamHasDroppedIsTheOldestRecord() {
        put("a", "b", "c", "d");
        String first = log.records.get(0).sequenceNumber();
        log.trimmed = 2;
        assertEquals(List.of("c", "d"), texts(poller(Position.after(first)), 20));
    }

    @Test
    void aShardThatTheStreamHasDroppedHasAnEnd() {
        put("a", "b");
        stream.split(log);
        log.dropped = true;
        assertEquals(List.of("end"), texts(poller(Position.OLDEST), 20));
    }

    @Test
    void throttledCallsWaitLongerEachTime() {
        put("a");
        stream.throttled = 1;
        ShardPoller poller = poller(Position.OLDEST);
        List<Long> waits = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            waits.add(TimeUnit.NANOSECONDS.toMillis(poller.poll().waitNanos()));
        }
        // Three quarters, by this test's chance, of 200 ms, 400 ms … 10 s.
        assertEquals(List.of(150L, 300L, 600L, 1200L, 2400L, 4800L, 7500L, 7500L, 7500L, 7500L), waits);
        stream.throttled = 0;
        assertEquals(List.of("a"), texts(poller, 20));
        stream.throttled = 1;
        assertEquals(150, TimeUnit.NANOSECONDS.toMillis(poller.poll().waitNanos()));
    }

    @Test
    void aServiceThatNeverAnswersFailsTheJob() {
        stream.unavailable = 1;
        ShardPoller poller = poller(Position.OLDEST);
        ServiceException failure = assertThrows(ServiceException.class, () -> texts(poller, 100));
        assertEquals("the model says UNAVAILABLE", failure.getMessage());
    }

    @Test
    void aggregatedRecordsAreTakenApartAndReadOnInside() throws Exception {
        stream.put(log, "k", AggregatedRecordTest.aggregated(List.of("a", "b", "c"), Arrays.asList("1", "1", "1")), 1);
        put("d");
        String aggregate = log.records.get(0).sequenceNumber();
        List<UserRecord> records = new ArrayList<>();
        ShardPoller poller = poller(Position.OLDEST);
        for (int i = 0; i < 20; i++) {
            records.addAll(poller.poll().records());
        }
        assertEquals(
                List.of(Position.inside(aggregate, 0), Position.inside(aggregate, 1), Position.after(aggregate)),
                List.of(records.get(0).next(), records.get(1).next(), records.get(2).next()));
        assertEquals(List.of("b", "c", "d"), texts(poller(Position.inside(aggregate, 0)), 20));
        assertEquals(List.of("d"), texts(poller(Position.after(aggregate)), 20));
    }

    @Test
    void aUserRecordOfAnotherShardIsLeftToIt() throws Exception {
        List<ModelStream.Log> children = stream.split(log);
        String mine = children.get(1).shard.firstHashKey().toString();
        byte[] data = AggregatedRecordTest.aggregated(List.of("a", "b"), Arrays.asList("0", mine));
        stream.put(children.get(1), "k", data, 1);
        ShardPoller poller =
                new ShardPoller(
                        stream,
                        new ShardSplit(children.get(1).shard, Position.OLDEST, false),
                        new PollingPace(1000, Duration.ofMillis(250), true, () -> 0.5),
                        new ShardMetrics(
                                UnregisteredMetricsGroup.createSourceReaderMetricGroup(), ModelJob.STREAM, "s"),
                        new Silence(Duration.ZERO, () -> 0));
        assertEquals(List.of("b"), texts(poller, 20));
    }

    @Test
    void aRecordOfTenMebibytesIsReadAsItIs() {
        byte[] large = new byte[10 * 1024 * 1024];
        Arrays.fill(large, (byte) 'x');
        stream.put(log, "k", large, 1);
        assertEquals(new String(large, StandardCharsets.UTF_8), texts(poller(Position.OLDEST), 20).get(0));
    }

    @Test
    void callsKeepTheLimitsOfTheService() {
        Random random = new Random(7);
        for (int size : new int[] {20, 400, 40_000, 1_000_000, 10_000_000}) {
            PollingPace pace = new PollingPace(10_000, Duration.ofMillis(250), true, random::nextDouble);
            long nanos = 0;
            double bytes = 0;
            int calls = 0;
            while (nanos < TimeUnit.SECONDS.toNanos(100)) {
                int records = Math.min(pace.limit(), 10_000_000 / size);
                bytes += (double) records * size;
                calls++;
                nanos += pace.afterRecords(records, (long) records * size);
            }
            double seconds = nanos / 1e9;
            assertTrue(calls / seconds <= 5.001, "calls a second: " + calls / seconds);
            assertTrue(bytes / seconds <= 2.001e6, "bytes a second: " + bytes / seconds);
            // And they do not waste them, where records are not too small for that.
            assertTrue(size < 400 || bytes / seconds > 1.9e6, "bytes a second: " + bytes / seconds);
        }
        assertFalse(new PollingPace(10, Duration.ofMillis(1), true, random::nextDouble).limit() > 10);
    }
}
