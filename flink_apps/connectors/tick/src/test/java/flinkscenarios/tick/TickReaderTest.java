package flinkscenarios.tick;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource.NumberSequenceSplit;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.table.data.RowData;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TickReaderTest {

    private static final long MILLI = 1_000_000;
    private static final int INTERVAL = 20;

    private final List<String> rows = new ArrayList<>();
    private final List<String> requests = new ArrayList<>();
    private final ReaderOutput<RowData> output = standIn(ReaderOutput.class, "collect", this::keep);
    private final List<TickReader> readers = new ArrayList<>();
    private long now;
    private long systemMillis = 1_000;

    @AfterEach
    void closeReaders() {
        readers.forEach(TickReader::close);
    }

    /** An object whose only working method is {@code method}. */
    @SuppressWarnings("unchecked")
    private static <T> T standIn(Class<?> type, String method, Consumer<Object[]> does) {
        return (T)
                Proxy.newProxyInstance(
                        type.getClassLoader(),
                        new Class<?>[] {type},
                        (proxy, called, arguments) -> {
                            assertEquals(method, called.getName());
                            does.accept(arguments);
                            return null;
                        });
    }

    private void keep(Object[] arguments) {
        RowData row = (RowData) arguments[0];
        String due = row.getArity() > 2 ? "@" + row.getLong(2) : "";
        rows.add(row.getLong(0) + "-" + row.getLong(1) + due);
    }

    private TickReader reader(String... options) {
        return reader(false, options);
    }

    private TickReader reader(boolean withDue, String... options) {
        Configuration config = Configuration.fromMap(Map.of("interval", INTERVAL + " ms"));
        for (int i = 0; i < options.length; i += 2) {
            config.setString(options[i], options[i + 1]);
        }
        SourceReaderContext context =
                standIn(SourceReaderContext.class, "sendSplitRequest", none -> requests.add("split"));
        LongSupplier system = () -> systemMillis + now / MILLI;
        TickReader reader = new TickReader(TickOptions.from(config), withDue, context, () -> now, system);
        readers.add(reader);
        return reader;
    }

    private static NumberSequenceSplit split(long from, long to) {
        return new NumberSequenceSplit("1", from, to);
    }

    private InputStatus drain(TickReader reader) {
        InputStatus status;
        do {
            status = reader.pollNext(output);
        } while (status == InputStatus.MORE_AVAILABLE);
        return status;
    }

    @Test
    void aFreshReaderAsksForTheTimeLineAndWaitsForIt() {
        TickReader reader = reader();
        reader.start();
        assertEquals(List.of("split"), requests);
        assertEquals(InputStatus.NOTHING_AVAILABLE, reader.pollNext(output));
        assertFalse(reader.isAvailable().isDone());
        reader.addSplits(List.of(split(0, 1_000)));
        assertTrue(reader.isAvailable().isDone());
    }

    @Test
    void theTimeBeforeTheFirstPollIsNoDelay() {
        TickReader reader = reader();
        reader.addSplits(List.of(split(0, 1_000)));
        now = 500 * MILLI;
        assertEquals(InputStatus.NOTHING_AVAILABLE, drain(reader));
        now += INTERVAL * MILLI;
        drain(reader);
        assertEquals(List.of("0-20"), rows);
    }

    @Test
    void theReaderIsAvailableAgainWhenTheNextTickIsDue() throws Exception {
        TickReader reader = reader();
        reader.addSplits(List.of(split(0, 1_000)));
        drain(reader);
        long asked = System.nanoTime();
        assertFalse(reader.isAvailable().isDone());
        reader.isAvailable().get(10, TimeUnit.SECONDS);
        assertTrue(System.nanoTime() - asked > Duration.ofMillis(INTERVAL / 2).toNanos());
    }

    @Test
    void aRestoredReaderContinuesWhereTheCheckpointWasTaken() {
        TickReader first = reader();
        first.addSplits(List.of(split(0, 1_000)));
        drain(first);
        now += 2 * INTERVAL * MILLI;
        drain(first);
        List<NumberSequenceSplit> kept = first.snapshotState(1);

        TickReader second = reader();
        second.addSplits(kept);
        second.start();
        now += 3_600_000 * MILLI;
        drain(second);
        now += INTERVAL * MILLI;
        drain(second);
        assertEquals(List.of("0-20", "20-40", "40-60"), rows);
        assertEquals(List.of(), requests, "it has its split already");
    }

    /** Two ticks, a checkpoint in the middle of the third, and a restart so long after the checkpoint. */
    private TickReader restarted(long downtimeMillis, String... options) {
        TickReader first = reader(options);
        first.addSplits(List.of(split(0, Long.MAX_VALUE - 1)));
        drain(first);
        now += (2 * INTERVAL + 5) * MILLI;
        drain(first);
        TickReader second = reader(options);
        second.addSplits(first.snapshotState(1));
        rows.clear();
        now += downtimeMillis * MILLI;
        drain(second);
        return second;
    }

    @Test
    void theTimeOfARestartIsNoDelayUnlessAskedFor() {
        restarted(10_000);
        assertEquals(List.of(), rows);
    }

    @Test
    void theTimeOfARestartIsMadeUpForWhereItIsADelay() {
        TickReader reader = restarted(70, "catch-up-downtime", "true");
        assertEquals(List.of("40-60", "60-80", "80-100"), rows, "115 ms after the begin");
        now += 5 * MILLI;
        drain(reader);
        assertEquals("100-120", rows.get(3), "the line is where it would be without a restart, to the millisecond");
    }

    @Test
    void ofALongRestartOnlyTheCatchUpIsMadeUpFor() {
        restarted(3_600_000, "catch-up-downtime", "true", "catch-up", "100 ms");
        assertEquals(5, rows.size());
        assertEquals("40-60", rows.get(0), "no slice is lost");
    }

    @Test
    void timeThatWasGivenUpBeforeACheckpointStaysGivenUp() {
        String[] options = {"catch-up-downtime", "true", "catch-up", "100 ms"};
        TickReader first = reader(options);
        first.addSplits(List.of(split(0, Long.MAX_VALUE - 1)));
        drain(first);
        now += 60_000 * MILLI;
        drain(first);
        TickReader second = reader(options);
        second.addSplits(first.snapshotState(1));
        rows.clear();
        drain(second);
        assertEquals(List.of(), rows);
    }

    @Test
    void aClockThatWasSetBackIsNoDelay() {
        restarted(-30, "catch-up-downtime", "true");
        assertEquals(List.of(), rows);
    }

    @Test
    void aTimeLineThatHasNotBegunHasNoDelay() {
        now = 3_600_000 * MILLI;
        TickReader reader = reader("catch-up-downtime", "true");
        reader.addSplits(List.of(split(0, 1_000)));
        assertEquals(InputStatus.NOTHING_AVAILABLE, drain(reader));
        assertEquals(List.of(), rows);
    }

    @Test
    void aCheckpointBeforeTheFirstTickKeepsTheWholeTimeLine() {
        TickReader reader = reader();
        assertEquals(List.of(), reader.snapshotState(1));
        NumberSequenceSplit whole = split(40, 1_000);
        reader.addSplits(List.of(whole));
        assertEquals(List.of(whole), reader.snapshotState(2));
    }

    @Test
    void aBoundedReaderEndsAfterItsLastTick() {
        TickReader reader = reader("ticks", "2");
        reader.addSplits(List.of(split(0, 2 * INTERVAL - 1)));
        drain(reader);
        now += 1_000 * MILLI;
        assertEquals(InputStatus.END_OF_INPUT, drain(reader));
        assertEquals(List.of("0-20", "20-40"), rows);
        assertEquals(List.of(), reader.snapshotState(1), "nothing is left to restore");
    }

    @Test
    void aReaderRestoredAfterTheEndEndsAtOnce() {
        TickReader reader = reader("ticks", "2");
        reader.start();
        reader.notifyNoMoreSplits();
        assertEquals(InputStatus.END_OF_INPUT, reader.pollNext(output));
    }

    @Test
    void noThreadOutlivesTheReader() throws Exception {
        TickReader reader = reader("interval", "1 h");
        reader.addSplits(List.of(split(0, Long.MAX_VALUE - 1)));
        drain(reader);
        List<Thread> timers = timers();
        assertEquals(1, timers.size());
        reader.close();
        timers.get(0).join(10_000);
        assertEquals(List.of(), timers());
    }

    private static List<Thread> timers() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("tick-timer"))
                .collect(Collectors.toList());
    }

    @Test
    void aTickTellsWhenItWasDueHoweverLateItCame() {
        TickReader reader = reader(true);
        reader.addSplits(List.of(split(0, 1_000)));
        drain(reader);
        now = 3 * INTERVAL * MILLI + MILLI / 2;
        drain(reader);
        assertEquals(List.of("0-20@1020", "20-40@1040", "40-60@1060"), rows);
    }

    @Test
    void whatIsNotMadeUpForIsPassedOverByTheTimesOfTheTicks() {
        TickReader reader = reader(true, "catch-up", "0 s");
        reader.addSplits(List.of(split(0, 1_000)));
        drain(reader);
        now = 100 * INTERVAL * MILLI;
        drain(reader);
        now += INTERVAL * MILLI;
        drain(reader);
        assertEquals(List.of("0-20@1020", "20-40@3020"), rows);
    }

    @Test
    void aSystemClockThatIsSetBackDoesNotTurnTheTimesBack() {
        TickReader reader = reader(true);
        reader.addSplits(List.of(split(0, 1_000)));
        drain(reader);
        systemMillis = 0;
        now = 2 * INTERVAL * MILLI;
        drain(reader);
        assertEquals(List.of("0-20@1020", "20-40@1040"), rows);
    }
}
