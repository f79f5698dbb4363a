package flinkscenarios.kinesis;

import flinkscenarios.kinesis.EnumeratorState.Status;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The shards of a stream, who reads them, and in which order.
 *
 * <p>A shard waits until all of its parents have been read to their ends: so records of one key are read in their order,
 * however often the shard was split or merged.
 *
 * <p>Event time needs more. Flink has a watermark per shard, takes the least of a task's shards as the task's, and the
 * least of the tasks' as that of what follows; none of them ever goes back. If a shard just ended, its task could go ahead
 * to the next slowest one, and another task may be ahead already: the first records of its children, a moment after its
 * last ones, would be late there, where without the resharding they were in time. So
 *
 * <ol>
 *   <li>a shard that has ended stays with its reader, and keeps the task's watermark from passing its own, until its
 *       children are assigned;
 *   <li>children go to a reader of a parent, which gets them before it lets the parent go. A shard without a watermark
 *       keeps the task where it is, and that is not past the parent.
 * </ol>
 *
 * <p>As all of this is in one task, it also holds for what is still on its way to the next one. Of a merge the second
 * parent may be another task's; both end at the same instant, and so do their watermarks but for what producers differ.
 * Where a table has no event time, children go to the reader with the fewest shards, as all others do.
 */
final class ShardTracker {

    private static final int NOBODY = -1;

    /** All that is known of a shard. What follows the status is not in checkpoints: readers tell it when they start. */
    private static final class Tracked {

        private ShardSplit split;
        private Status status;
        private int reader = NOBODY;
        private boolean listed;

        private Tracked(ShardSplit split, Status status) {
            this.split = split;
            this.status = status;
        }

        private boolean isRead() {
            return status == Status.ENDED || status == Status.RELEASED;
        }
    }

    private final boolean eventTime;

    /** By their ids, which grow with time. */
    private final Map<String, Tracked> shards = new TreeMap<>();

    /** @param eventTime whether the table has watermarks */
    ShardTracker(boolean eventTime) {
        this.eventTime = eventTime;
    }

    void restore(List<EnumeratorState.Entry> entries) {
        entries.forEach(entry -> shards.put(entry.split.splitId(), new Tracked(entry.split, entry.status)));
    }

    List<EnumeratorState.Entry> entries() {
        return shards.values().stream()
                .map(shard -> new EnumeratorState.Entry(shard.split, shard.status))
                .collect(Collectors.toList());
    }

    /**
     * Takes what the stream lists now.
     *
     * @param initialPosition where a new shard begins
     * @return the shards that the stream has dropped before they were read
     */
    List<String> listed(List<Shard> listed, Position initialPosition) {
        Set<String> ids = listed.stream().map(Shard::id).collect(Collectors.toSet());
        for (Shard shard : listed) {
            shards.computeIfAbsent(
                    shard.id(), id -> new Tracked(new ShardSplit(shard, initialPosition, false), Status.WAITING));
        }
        shards.forEach((id, shard) -> shard.listed = ids.contains(id));
        List<String> lost =
                shards.values().stream()
                        .filter(shard -> !shard.listed && shard.status == Status.WAITING)
                        .map(shard -> shard.split.splitId())
                        .collect(Collectors.toList());
        shards.values().removeIf(shard -> !shard.listed && shard.status == Status.RELEASED);
        lost.forEach(shards::remove);
        return lost;
    }

    /** Gives the shards whose turn it is to readers. */
    Map<Integer, List<ShardSplit>> assign(Set<Integer> readers) {
        Map<Integer, Integer> loads = new TreeMap<>();
        readers.forEach(reader -> loads.put(reader, 0));
        shards.values().stream()
                .filter(shard -> shard.status == Status.ASSIGNED)
                .forEach(shard -> loads.computeIfPresent(shard.reader, (reader, load) -> load + 1));
        Map<Integer, List<ShardSplit>> assignment = new TreeMap<>();
        for (Tracked shard : shards.values()) {
            List<Tracked> parents = parents(shard);
            if (shard.status == Status.WAITING && parents.stream().allMatch(Tracked::isRead)) {
                shard.reader = choose(loads, parents);
                shard.status = Status.ASSIGNED;
                loads.merge(shard.reader, 1, Integer::sum);
                assignment.computeIfAbsent(shard.reader, reader -> new ArrayList<>()).add(shard.split);
            }
        }
        return assignment;
    }

    private int choose(Map<Integer, Integer> loads, List<Tracked> parents) {
        Map<Integer, Integer> candidates = new TreeMap<>(loads);
        if (eventTime) {
            Set<Integer> near =
                    parents.stream()
                            .filter(parent -> parent.status == Status.ENDED)
                            .map(parent -> parent.reader)
                            .collect(Collectors.toSet());
            candidates.keySet().removeIf(reader -> !near.isEmpty() && !near.contains(reader));
        }
        return candidates.entrySet().stream()
                .min(Map.Entry.comparingByValue())
                .orElseThrow(() -> new IllegalStateException("readers of shards that are no readers: " + parents))
                .getKey();
    }

    /** Takes a shard back from a reader that has failed. */
    void returned(ShardSplit split) {
        Tracked shard = shards.computeIfAbsent(split.splitId(), id -> new Tracked(split, Status.WAITING));
        checkOrder(shard);
        shard.split = split;
        shard.status = Status.WAITING;
        shard.reader = NOBODY;
    }

    /**
     * Takes what a reader has when it starts.
     *
     * @throws IllegalStateException if it goes back in a shard whose children are read already
     */
    void holds(int reader, List<String> reading, List<String> ended) {
        for (String id : reading) {
            Tracked shard = known(id);
            checkOrder(shard);
            shard.status = Status.ASSIGNED;
            shard.reader = reader;
        }
        ended.forEach(id -> ended(id, reader));
    }

    void ended(String id, int reader) {
        Tracked shard = known(id);
        shard.status = Status.ENDED;
        shard.reader = reader;
    }

    /** Whether there is a shard that has ended and whose children are not known yet. */
    boolean missesChildren() {
        return shards.values().stream().anyMatch(shard -> shard.status == Status.ENDED && children(shard).isEmpty());
    }

    /** Which shards that have ended may be let go, by their readers: those that none of their children waits for. */
    Map<Integer, List<String>> release() {
        Map<Integer, List<String>> releases = new TreeMap<>();
        for (Tracked shard : shards.values()) {
            if (shard.status != Status.ENDED) {
                continue;
            }
            List<Tracked> children = children(shard);
            // One that the stream has dropped has no children any more.
            boolean followed = children.isEmpty() ? !shard.listed : children.stream().allMatch(this::isGiven);
            if (followed) {
                shard.status = Status.RELEASED;
                releases.computeIfAbsent(shard.reader, reader -> new ArrayList<>()).add(shard.split.splitId());
            }
        }
        return releases;
    }

    /** The readers among these that have no shard at all. */
    Set<Integer> idle(Set<Integer> readers) {
        Set<Integer> idle = new HashSet<>(readers);
        for (Tracked shard : shards.values()) {
            if (shard.status == Status.ASSIGNED || shard.status == Status.ENDED) {
                idle.remove(shard.reader);
            }
        }
        return idle;
    }

    private void checkOrder(Tracked shard) {
        if (shard.isRead() && children(shard).stream().anyMatch(this::isGiven)) {
            throw new IllegalStateException(
                    String.format(
                            "the shard %s is read again after its children have been: all tasks must go back to the"
                                    + " same checkpoint, or records would lose their order",
                            shard.split.splitId()));
        }
    }

    private boolean isGiven(Tracked shard) {
        return shard.status != Status.WAITING;
    }

    private List<Tracked> children(Tracked parent) {
        return shards.values().stream()
                .filter(shard -> shard.split.shard().parents().contains(parent.split.splitId()))
                .collect(Collectors.toList());
    }

    /** The parents that are known still; those that are not have been read, or dropped, long ago. */
    private List<Tracked> parents(Tracked shard) {
        return shard.split.shard().parents().stream()
                .map(shards::get)
                .filter(parent -> parent != null)
                .collect(Collectors.toList());
    }

    private Tracked known(String id) {
        Tracked shard = shards.get(id);
        if (shard == null) {
            throw new IllegalStateException("a reader has the shard " + id + ", which was never given to one");
        }
        return shard;
    }
}
