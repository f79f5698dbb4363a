package flinkscenarios.kinesis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ShardTrackerTest {

    private static final Set<Integer> TWO_READERS = Set.of(0, 1);

    private final List<Shard> stream = new ArrayList<>();

    private Shard shard(String id, String... parents) {
        Shard shard = new Shard(id, Arrays.asList(parents), BigInteger.ZERO, BigInteger.TEN);
        stream.add(shard);
        return shard;
    }

    private List<String> list(ShardTracker tracker) {
        return tracker.listed(stream, Position.OLDEST);
    }

    private static Map<Integer, List<String>> assign(ShardTracker tracker) {
        Map<Integer, List<String>> ids = new TreeMap<>();
        tracker.assign(TWO_READERS)
                .forEach(
                        (reader, splits) ->
                                ids.put(
                                        reader,
                                        splits.stream().map(ShardSplit::splitId).collect(Collectors.toList())));
        return ids;
    }

    @Test
    void shardsAreSpreadEvenly() {
        ShardTracker tracker = new ShardTracker(true);
        for (String id : List.of("a", "b", "c", "d", "e")) {
            shard(id);
        }
        list(tracker);
        assertEquals(Map.of(0, List.of("a", "c", "e"), 1, List.of("b", "d")), assign(tracker));
        assertEquals(Map.of(), assign(tracker));
    }

    @Test
    void aShardWaitsForAllOfItsParents() {
        ShardTracker tracker = new ShardTracker(true);
        shard("a");
        shard("b");
        shard("c", "a", "b");
        list(tracker);
        assertEquals(Map.of(0, List.of("a"), 1, List.of("b")), assign(tracker));
        tracker.ended("a", 0);
        assertEquals(Map.of(), assign(tracker));
        assertEquals(Map.of(), tracker.release());
        tracker.ended("b", 1);
        assertEquals(Map.of(0, List.of("c")), assign(tracker));
        assertEquals(Map.of(0, List.of("a"), 1, List.of("b")), tracker.release());
        assertEquals(Set.of(1), tracker.idle(TWO_READERS));
    }

    @Test
    void withEventTimeChildrenStayWithTheReaderOfTheirParent() {
        for (boolean eventTime : new boolean[] {true, false}) {
            stream.clear();
            ShardTracker tracker = new ShardTracker(eventTime);
            shard("a");
            list(tracker);
            assertEquals(Map.of(0, List.of("a")), assign(tracker));
            tracker.ended("a", 0);
            assertTrue(tracker.missesChildren());
            shard("b", "a");
            shard("c", "a");
            list(tracker);
            assertEquals(
                    eventTime ? Map.of(0, List.of("b", "c")) : Map.of(0, List.of("b"), 1, List.of("c")),
                    assign(tracker));
        }
    }

    @Test
    void whatTheStreamDropsBeforeItIsReadIsToldAndForgotten() {
        ShardTracker tracker = new ShardTracker(true);
        Shard parent = shard("a");
        Shard child = shard("b", "a");
        list(tracker);
        assign(tracker);
        stream.removeAll(List.of(parent, child));
        assertEquals(List.of("b"), list(tracker));
        // The parent is being read still; when it ends, nothing follows that its reader would have to wait for.
        tracker.ended("a", 0);
        assertEquals(Map.of(0, List.of("a")), tracker.release());
        list(tracker);
        assertEquals(List.of(), tracker.entries());
    }

    @Test
    void aShardThatHasBeenReadIsNotReadAgainAsLongAsItIsListed() {
        ShardTracker tracker = new ShardTracker(true);
        shard("a");
        shard("b", "a");
        list(tracker);
        assign(tracker);
        tracker.ended("a", 0);
        assign(tracker);
        tracker.release();
        ShardTracker restored = new ShardTracker(true);
        restored.restore(tracker.entries());
        list(restored);
        assertEquals(Map.of(), assign(restored));
    }

    @Test
    void aTaskThatGoesBackBehindTheStartOfChildrenStopsTheJob() {
        ShardTracker tracker = new ShardTracker(true);
        shard("a");
        shard("b", "a");
        list(tracker);
        assign(tracker);
        tracker.ended("a", 0);
        // Nobody has the child yet: the parent is simply read on.
        tracker.holds(0, List.of("a"), List.of());
        assertEquals(Map.of(), assign(tracker));
        tracker.ended("a", 0);
        assign(tracker);
        String message =
                assertThrows(IllegalStateException.class, () -> tracker.holds(0, List.of("a"), List.of()))
                        .getMessage();
        assertEquals(
                "the shard a is read again after its children have been: all tasks must go back to the same checkpoint,"
                        + " or records would lose their order",
                message);
    }
}
