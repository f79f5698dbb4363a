package flinkscenarios.replaysource;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/** The rows that were read but not released, the earliest first; rows of the same time in the order of reading. */
final class ReplayBuffer {

    /**
     * A row, its time and its number in the order of reading.
     *
     * <p>The row is serialized: as objects, the twenty texts of a line of CSV take several times as much of the heap.
     */
    static final class Entry {

        final long timeMillis;
        final long number;
        final byte[] row;

        Entry(long timeMillis, long number, byte[] row) {
            this.timeMillis = timeMillis;
            this.number = number;
            this.row = row;
        }

        /** Whether the row has a readable time. */
        boolean timed() {
            return timeMillis != EpochMillis.NONE;
        }
    }

    private static final Comparator<Entry> BY_TIME =
            Comparator.<Entry>comparingLong(entry -> entry.timeMillis).thenComparingLong(entry -> entry.number);

    private final int capacity;
    private final PriorityQueue<Entry> entries = new PriorityQueue<>(BY_TIME);

    /**
     * @param capacity the number of rows at which the buffer is full; a restored buffer may hold more
     */
    ReplayBuffer(int capacity) {
        this.capacity = capacity;
    }

    boolean isFull() {
        return entries.size() >= capacity;
    }

    boolean isEmpty() {
        return entries.isEmpty();
    }

    void add(Entry entry) {
        entries.add(entry);
    }

    /** The earliest row, which stays. */
    Entry first() {
        return entries.element();
    }

    /** The earliest row, which goes. */
    Entry remove() {
        return entries.remove();
    }

    /** All rows, in no order. */
    List<Entry> entries() {
        return new ArrayList<>(entries);
    }
}
