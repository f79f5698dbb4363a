package flinkscenarios.replaysource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.file.src.FileSourceSplit;
import org.apache.flink.core.fs.Path;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.table.data.RowData;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Times are seconds of a time line that starts at 0; at a speedup of 1 they are seconds of the wall clock, too.
 *
 * <pre>
 * files:     3 1 2 9 7      released at:   1 .. 2 .. 3 ........... 7 ..... 9
 * </pre>
 */
class ReplayReaderTest {

    private static final long SECOND = 1_000_000_000;

    private final List<ReplayReader> readers = new ArrayList<>();
    private final List<String> released = new ArrayList<>();
    private final Metrics metrics = new Metrics();
    private ReplayStatistics statistics = new ReplayStatistics(metrics, 0);
    private String origin = "json(time)";
    private long now;

    @AfterEach
    void closeReaders() throws Exception {
        for (ReplayReader reader : readers) {
            reader.close();
        }
    }

    private ReplayReader reader(Files files, String... options) {
        Map<String, String> all =
                new HashMap<>(Map.of("path", "/", "format", "json", "time-attribute", "time", "speedup", "1"));
        for (int i = 0; i < options.length; i += 2) {
            all.put(options[i], options[i + 1]);
        }
        ReplayReader reader =
                new ReplayReader(
                        files,
                        ReplayOptions.from(Configuration.fromMap(all)),
                        origin,
                        new RowTime(0, ZoneOffset.UTC),
                        new MetadataColumns(List.of("number", "watermark", "watermark-key"), 1, false),
                        TestRows.SERIALIZER,
                        statistics,
                        () -> now);
        readers.add(reader);
        return reader;
    }

    /** Polls until nothing more is due; what is released is noted as time#number, a watermark as time~key. */
    private InputStatus drain(ReplayReader reader) throws Exception {
        InputStatus status;
        do {
            status = reader.pollNext(output());
        } while (status == InputStatus.MORE_AVAILABLE);
        return status;
    }

    @SuppressWarnings("unchecked")
    private ReaderOutput<RowData> output() {
        return (ReaderOutput<RowData>)
                Proxy.newProxyInstance(
                        ReaderOutput.class.getClassLoader(),
                        new Class<?>[] {ReaderOutput.class},
                        (proxy, method, arguments) -> {
                            assertEquals("collect", method.getName());
                            RowData row = (RowData) arguments[0];
                            released.add(
                                    row.isNullAt(0)
                                            ? row.getTimestamp(2, 3).getMillisecond() + "~" + row.getString(3)
                                            : row.getString(0) + "#" + row.getLong(1));
                            return null;
                        });
    }

    private List<String> takeReleased() {
        List<String> taken = List.copyOf(released);
        released.clear();
        return taken;
    }

    private static String seconds(long seconds) {
        return Long.toString(seconds * 1_000);
    }

    @Test
    void rowsAreReleasedInTheOrderOfTheirTimesEachWhenItIsDue() throws Exception {
        ReplayReader reader = reader(Files.of(3, 1, 2, 9, 7).ended());
        assertEquals(InputStatus.NOTHING_AVAILABLE, drain(reader));
        assertEquals(List.of("1000#2"), takeReleased(), "the first one is due at once");
        now = SECOND - 1;
        drain(reader);
        assertEquals(List.of(), takeReleased());
        now = SECOND;
        drain(reader);
        assertEquals(List.of("2000#3"), takeReleased());
        now = 7 * SECOND;
        drain(reader);
        assertEquals(List.of("3000#1", "7000#5"), takeReleased());
        now = 8 * SECOND;
        assertEquals(InputStatus.END_OF_INPUT, drain(reader));
        assertEquals(List.of("9000#4"), takeReleased());
    }

    @Test
    void anHourPassesInASecondAtSpeedup3600() throws Exception {
        ReplayReader reader = reader(Files.of(0, 3_600).ended(), "speedup", "3600");
        drain(reader);
        now = SECOND - 1;
        drain(reader);
        assertEquals(List.of("0#1"), takeReleased());
        now = SECOND;
        drain(reader);
        assertEquals(List.of("3600000#2"), takeReleased());
    }

    @Test
    void theTaskIsWokenWhenTheNextRowIsDue() throws Exception {
        ReplayReader reader = reader(Files.of(0, 1).ended(), "speedup", "20");
        drain(reader);
        long asked = System.nanoTime();
        assertFalse(reader.isAvailable().isDone());
        reader.isAvailable().get(10, TimeUnit.SECONDS);
        assertTrue(System.nanoTime() - asked > 25_000_000, "50 ms, had the task asked at once");
    }

    @Test
    void theReplayBeginsWhenTheBufferIsFull() throws Exception {
        Files files = Files.of(5, 6);
        ReplayReader reader = reader(files, "buffer", "3");
        assertEquals(InputStatus.NOTHING_AVAILABLE, drain(reader));
        assertEquals(List.of(), takeReleased());
        assertEquals(files.isAvailable(), reader.isAvailable(), "it waits for the files alone");
        files.add(seconds(4));
        drain(reader);
        assertEquals(List.of("4000#3"), takeReleased());
    }

    @Test
    void aDataSetSmallerThanTheBufferIsReplayedWhenTheFilesEnd() throws Exception {
        Files files = Files.of(2, 1);
        ReplayReader reader = reader(files);
        drain(reader);
        assertEquals(List.of(), takeReleased());
        files.ended();
        drain(reader);
        assertEquals(List.of("1000#2"), takeReleased());
    }

    @Test
    void noMoreIsReadThanTheBufferHolds() throws Exception {
        Files files = Files.of(1, 2, 3, 4, 5, 6).ended();
        ReplayReader reader = reader(files, "buffer", "2");
        drain(reader);
        assertEquals(List.of("1000#1"), takeReleased());
        assertEquals(3, files.left(), "one was released, two are in the buffer");
    }

    @Test
    void slowFilesDoNotChangeTheOrder() throws Exception {
        Files files = Files.of(1, 2);
        ReplayReader reader = reader(files, "buffer", "2");
        drain(reader);
        now = 60 * SECOND;
        drain(reader);
        assertEquals(List.of("1000#1"), takeReleased(), "2 s is long due, but what comes might be earlier");
        files.add(seconds(1)).ended();
        drain(reader);
        assertEquals(List.of("1000#3", "2000#2"), takeReleased());
        assertEquals(58_000 + 1_000L, metrics.gauge("replayLagMillis"));
    }

    @Test
    void aRowBeyondTheBufferIsReleasedAtOnceAndCounted() throws Exception {
        ReplayReader reader = reader(Files.of(10, 20, 5, 30).ended(), "buffer", "2");
        drain(reader);
        assertEquals(List.of("10000#1", "5000#3"), takeReleased());
        assertEquals(1L, metrics.count("replayOutOfOrderCount"));
        now = 10 * SECOND;
        drain(reader);
        assertEquals(List.of("20000#2"), takeReleased());
        assertEquals(3L, metrics.count("replayedEventCount"));
        assertEquals(0L, metrics.gauge("replayLagMillis"));
    }

    @Test
    void aRowWithoutATimeIsReleasedAtOnceAndCounted() throws Exception {
        ReplayReader reader = reader(Files.of(10, 20).add("garbage").ended());
        drain(reader);
        assertEquals(List.of("garbage#3", "10000#1"), takeReleased());
        assertEquals(1L, metrics.count("replayUntimedCount"));
        assertEquals(2L, metrics.count("replayedEventCount"));
    }

    @Test
    void rowsFromBeforeSeekAreLeftOutAndKeepTheirNumbers() throws Exception {
        Files files = Files.of(1, 5, 2, 6).add("garbage").ended();
        ReplayReader reader = reader(files, "seek", "1970-01-01T00:00:05Z");
        drain(reader);
        assertEquals(List.of("garbage#5", "5000#2"), takeReleased());
        now = SECOND;
        drain(reader);
        assertEquals(List.of("6000#4"), takeReleased());
    }

    @Test
    void aSlowSinkMakesALagAndLosesNothing() throws Exception {
        ReplayReader reader = reader(Files.of(0, 1, 2, 3).ended());
        drain(reader);
        now = 10 * SECOND;
        reader.pollNext(output());
        assertEquals(9_000L, metrics.gauge("replayLagMillis"));
        drain(reader);
        assertEquals(List.of("0#1", "1000#2", "2000#3", "3000#4"), takeReleased());
    }

    @Test
    void aRestoredReaderGoesOnWhereItWasWithoutTheOutage() throws Exception {
        ReplayReader first = reader(Files.of(0, 10, 20).add("30000").ended(), "buffer", "3");
        drain(first);
        now = 14 * SECOND;
        drain(first);
        assertEquals(List.of("0#1", "10000#2"), takeReleased());
        List<FileSourceSplit> kept = first.snapshotState(1);

        now = 3_600 * SECOND;
        statistics = new ReplayStatistics(metrics, now);
        ReplayReader second = reader(Files.of(40).ended(), "buffer", "3");
        second.addSplits(kept);
        assertEquals(InputStatus.NOTHING_AVAILABLE, drain(second));
        assertEquals(List.of(), takeReleased(), "20 s is due in 6 s");
        now += 6 * SECOND - 1;
        drain(second);
        assertEquals(List.of(), takeReleased());
        now += 1;
        drain(second);
        assertEquals(List.of("20000#3"), takeReleased());
        now += 20 * SECOND;
        drain(second);
        assertEquals(List.of("30000#4", "40000#5"), takeReleased(), "numbers go on as well");
    }

    @Test
    void aRestoredReaderDoesNotMakeUpForALag() throws Exception {
        ReplayReader first = reader(Files.of(0, 10, 20).add("garbage").ended());
        drain(first);
        now = 1_000 * SECOND;
        List<FileSourceSplit> kept = first.snapshotState(1);
        released.clear();

        statistics = new ReplayStatistics(metrics, now);
        ReplayReader second = reader(new Files().ended());
        second.addSplits(kept);
        drain(second);
        assertEquals(List.of("10000#2"), takeReleased(), "the next one at once, the one after it 10 s later");
        now += 10 * SECOND;
        drain(second);
        assertEquals(List.of("20000#3"), takeReleased());
    }

    @Test
    void aRestoredReaderStillKnowsWhatIsOutOfOrder() throws Exception {
        ReplayReader first = reader(Files.of(10).add("30000"), "buffer", "2");
        drain(first);
        assertEquals(List.of("10000#1"), takeReleased());
        statistics = new ReplayStatistics(metrics, now);
        ReplayReader second = reader(Files.of(5).ended(), "buffer", "2");
        second.addSplits(first.snapshotState(1));
        drain(second);
        assertEquals(List.of("5000#3"), takeReleased());
        assertEquals(1L, metrics.count("replayOutOfOrderCount"));
    }

    @Test
    void aCheckpointBeforeTheBeginKeepsWhatWasRead() throws Exception {
        ReplayReader first = reader(Files.of(3, 1));
        drain(first);
        statistics = new ReplayStatistics(metrics, now);
        ReplayReader second = reader(new Files().ended());
        second.addSplits(first.snapshotState(1));
        now = 100 * SECOND;
        drain(second);
        assertEquals(List.of("1000#2"), takeReleased());
    }

    @Test
    void theFilesGetTheirSplitsAndOnlyTheirs() {
        Files files = new Files();
        ReplayReader reader = reader(files);
        FileSourceSplit file = new FileSourceSplit("1", new Path("/a"), 0, 1, 0, 1);
        reader.addSplits(List.of(file, new ReplayProgress(origin, EpochMillis.NONE, EpochMillis.NONE, 0, List.of())));
        assertEquals(List.of(file), files.splits);
        assertEquals(
                List.of("1", "replay-progress"),
                reader.snapshotState(1).stream().map(FileSourceSplit::splitId).collect(Collectors.toList()));
    }

    @Test
    void aStateOfOtherFilesOrColumnsIsRefused() throws Exception {
        ReplayReader first = reader(Files.of(3, 1));
        drain(first);
        List<FileSourceSplit> kept = first.snapshotState(1);
        origin = "csv(time)";
        ReplayReader second = reader(new Files().ended());
        assertEquals(
                "the state of a replay of json(time) must not be restored by one of csv(time);"
                        + " set the properties as they were, or start without the state",
                assertThrows(IllegalStateException.class, () -> second.addSplits(kept)).getMessage());
    }

    @Test
    void aTripOfAWrongYearDoesNotHaltTheOthers() throws Exception {
        long years = 24L * 365 * 24 * 3_600;
        ReplayReader reader = reader(Files.of(years, 0, years + 1, 3 * years).ended());
        drain(reader);
        assertEquals(List.of("0#2", years + "000#1"), takeReleased(), "the earlier one is no reason to wait");
        assertEquals(1, metrics.count("replayGapCount"));
        now = SECOND;
        assertEquals(InputStatus.END_OF_INPUT, drain(reader));
        assertEquals(
                List.of(years + 1 + "000#3", 3 * years + "000#4"), takeReleased(), "nor is the later one");
        assertEquals(2, metrics.count("replayGapCount"));
        assertEquals(4, metrics.count("replayedEventCount"));
        assertEquals(0L, metrics.gauge("replayLagMillis"));
    }

    @Test
    void afterAGapRowsAreDueAsFarApartAsBefore() throws Exception {
        ReplayReader reader = reader(Files.of(0, 11, 12).ended(), "gap-limit", "10 s");
        drain(reader);
        assertEquals(List.of("0#1", "11000#2"), takeReleased());
        now = SECOND - 1;
        drain(reader);
        assertEquals(List.of(), takeReleased());
        now = SECOND;
        drain(reader);
        assertEquals(List.of("12000#3"), takeReleased());
    }

    @Test
    void aGapOfTheLimitIsWaitedForAndALongerOneWhereThereIsNoLimit() throws Exception {
        drain(reader(Files.of(0, 10).ended(), "gap-limit", "10 s"));
        assertEquals(List.of("0#1"), takeReleased());
        drain(reader(Files.of(0, 1_000_000).ended(), "gap-limit", "0 s"));
        assertEquals(List.of("0#1"), takeReleased());
        assertEquals(0, metrics.count("replayGapCount"));
    }

    @Test
    void aTimeThatIsGarbageIsAGapToo() throws Exception {
        Files files = new Files().add(Long.toString(Long.MIN_VALUE + 1)).add("0").add(Long.toString(Long.MAX_VALUE));
        assertEquals(InputStatus.END_OF_INPUT, drain(reader(files.ended())));
        assertEquals(3, takeReleased().size());
        assertEquals(2, metrics.count("replayGapCount"));
    }

    @Test
    void aGapIsCountedOnceEvenIfAWatermarkComesFirst() throws Exception {
        ReplayReader reader = reader(Files.of(0, 5, 50_000).ended(), "watermark-interval", "2 s");
        drain(reader);
        now = 5 * SECOND;
        drain(reader);
        assertEquals(
                List.of("0#1", "0~watermark", "5000#2", "50000000#3", "50000001~watermark"), takeReleased());
        assertEquals(1, metrics.count("replayGapCount"));
    }

    @Test
    void aReplayOfFilesThatAllLackColumnsFails() throws Exception {
        statistics.fileEndedEarly("/a is not read to its end: it must have the columns time (got when)", true);
        ReplayReader reader = reader(new Files().ended());
        assertEquals(
                "/a is not read to its end: it must have the columns time (got when); no file could be replayed",
                assertThrows(IOException.class, () -> drain(reader)).getMessage());
    }

    @Test
    void aFileThatLacksColumnsDoesNotStopTheReplayOfOthers() throws Exception {
        statistics.fileEndedEarly("/a is not read to its end: it must have the columns time (got when)", true);
        assertEquals(InputStatus.END_OF_INPUT, drain(reader(Files.of(1).ended())));
        assertEquals(List.of("1000#1"), takeReleased());
    }

    @Test
    void atTheEndTheReaderMayWaitInsteadOfEnding() throws Exception {
        ReplayReader reader = reader(Files.of(1).ended(), "at-end", "wait");
        assertEquals(InputStatus.NOTHING_AVAILABLE, drain(reader));
        assertEquals(List.of("1000#1"), takeReleased());
        assertFalse(reader.isAvailable().isDone());
    }

    @Test
    void aWatermarkFollowsWhatWasReleasedOnceAnInterval() throws Exception {
        ReplayReader reader = reader(Files.of(0, 1, 2, 3, 9).ended(), "watermark-interval", "2 s");
        drain(reader);
        now = SECOND;
        drain(reader);
        assertEquals(List.of("0#1", "1000#2"), takeReleased());
        now = 2 * SECOND;
        drain(reader);
        assertEquals(List.of("1000~watermark", "2000#3"), takeReleased(), "no later row is before it");
        now = 3 * SECOND;
        drain(reader);
        assertEquals(List.of("3000#4"), takeReleased());
        now = 5 * SECOND;
        drain(reader);
        assertEquals(List.of("3000~watermark"), takeReleased(), "though the next row is due only at 9 s");
        now = 8 * SECOND;
        drain(reader);
        assertEquals(List.of(), takeReleased(), "there is nothing new to say");
    }

    @Test
    void theTaskIsWokenForAWatermarkBetweenTwoRows() throws Exception {
        ReplayReader reader = reader(Files.of(0, 3_600).ended(), "watermark-interval", "50 ms");
        drain(reader);
        reader.isAvailable().get(10, TimeUnit.SECONDS);
    }

    @Test
    void atTheEndAWatermarkIsBehindTheLastRow() throws Exception {
        ReplayReader reader = reader(Files.of(1).ended(), "watermark-interval", "60 s");
        assertEquals(InputStatus.END_OF_INPUT, drain(reader));
        assertEquals(List.of("1000#1", "1001~watermark"), takeReleased());
    }

    @Test
    void aReaderThatWaitsAtTheEndSaysSoOnce() throws Exception {
        ReplayReader reader = reader(Files.of(1).ended(), "watermark-interval", "1 s", "at-end", "wait");
        drain(reader);
        assertEquals(List.of("1000#1", "1001~watermark"), takeReleased());
        now = 60 * SECOND;
        assertEquals(InputStatus.NOTHING_AVAILABLE, drain(reader));
        assertEquals(List.of(), takeReleased());
    }

    @Test
    void aWatermarkIsReleasedForEachKeyInOneCall() throws Exception {
        ReplayReader reader = reader(Files.of(0, 1).ended(), "watermark-interval", "1 s", "watermark-keys", "a;b;c");
        drain(reader);
        takeReleased();
        now = SECOND;
        reader.pollNext(output());
        assertEquals(List.of("0~a", "0~b", "0~c"), takeReleased(), "a checkpoint may come after any call");
        assertEquals(3L, metrics.count("replayWatermarkCount"));
        assertEquals(1L, metrics.count("replayedEventCount"), "watermarks are no events");
    }

    @Test
    void rowsWithoutATimeMakeNoWatermark() throws Exception {
        ReplayReader reader = reader(new Files().add("garbage").ended(), "watermark-interval", "1 s");
        assertEquals(InputStatus.END_OF_INPUT, drain(reader));
        assertEquals(List.of("garbage#1"), takeReleased());
    }

    @Test
    void whatIsBeforeAWatermarkIsOutOfOrderAlsoAfterARestore() throws Exception {
        ReplayReader first = reader(Files.of(10, 20, 40), "buffer", "2", "watermark-interval", "1 s");
        drain(first);
        now = SECOND;
        drain(first);
        assertEquals(List.of("10000#1", "10000~watermark"), takeReleased());

        statistics = new ReplayStatistics(metrics, now);
        ReplayReader second = reader(Files.of(5).ended(), "buffer", "2", "watermark-interval", "60 s");
        second.addSplits(first.snapshotState(1));
        now = 11 * SECOND;
        drain(second);
        assertEquals(List.of("20000#2", "5000#4"), takeReleased());
        assertEquals(1L, metrics.count("replayOutOfOrderCount"));
    }

    @Test
    void noThreadOutlivesTheReader() throws Exception {
        ReplayReader reader = reader(Files.of(0, 3_600).ended());
        reader.start();
        drain(reader);
        List<Thread> timers = timers();
        assertEquals(1, timers.size());
        reader.close();
        timers.get(0).join(10_000);
        assertEquals(List.of(), timers());
    }

    private static List<Thread> timers() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("replay-timer"))
                .collect(Collectors.toList());
    }

    /** In the place of the file source's reader: gives the rows it was told to, then waits or ends. */
    @SuppressWarnings("try") // As in the interface.
    private static final class Files implements SourceReader<RowData, FileSourceSplit> {

        private final Deque<String> times = new ArrayDeque<>();
        private final List<FileSourceSplit> splits = new ArrayList<>();
        private final CompletableFuture<Void> available = new CompletableFuture<>();
        private boolean ended;

        static Files of(long... seconds) {
            Files files = new Files();
            Arrays.stream(seconds).mapToObj(ReplayReaderTest::seconds).forEach(files::add);
            return files;
        }

        Files add(String time) {
            times.add(time);
            return this;
        }

        Files ended() {
            ended = true;
            return this;
        }

        int left() {
            return times.size();
        }

        @Override
        public void start() {}

        @Override
        public InputStatus pollNext(ReaderOutput<RowData> output) {
            if (times.isEmpty()) {
                return ended ? InputStatus.END_OF_INPUT : InputStatus.NOTHING_AVAILABLE;
            }
            output.createOutputForSplit("1").collect(TestRows.row(times.remove()), Long.MIN_VALUE);
            return InputStatus.MORE_AVAILABLE;
        }

        @Override
        public List<FileSourceSplit> snapshotState(long checkpointId) {
            return splits;
        }

        @Override
        public CompletableFuture<Void> isAvailable() {
            return available;
        }

        @Override
        public void addSplits(List<FileSourceSplit> added) {
            splits.addAll(added);
        }

        @Override
        public void notifyNoMoreSplits() {}

        @Override
        public void close() {}
    }
}
