package flinkscenarios.kinesis;

import java.util.List;
import java.util.Objects;

/** What a checkpoint has of the shards as a whole; what has been read of each is in the readers' part of it. */
final class EnumeratorState {

    /** What has become of a shard, in the order of its numbers in a checkpoint: new ones come last. */
    enum Status {
        /** No reader has it: its parents are being read, or readers are still to come. */
        WAITING,
        /** A reader has it. */
        ASSIGNED,
        /** It has been read to its end; a reader has it still, for its watermark. */
        ENDED,
        /** It has been read, and its children have taken over. It is remembered as long as the stream lists it. */
        RELEASED
    }

    /** A shard and what has become of it. */
    static final class Entry {

        final ShardSplit split;
        final Status status;

        Entry(ShardSplit split, Status status) {
            this.split = split;
            this.status = status;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Entry
                    && split.equals(((Entry) other).split)
                    && status == ((Entry) other).status;
        }

        @Override
        public int hashCode() {
            return Objects.hash(split, status);
        }
    }

    private final String stream;
    private final Position initialPosition;
    private final List<Entry> entries;

    EnumeratorState(String stream, Position initialPosition, List<Entry> entries) {
        this.stream = stream;
        this.initialPosition = initialPosition;
        this.entries = List.copyOf(entries);
    }

    /** The ARN of the stream that was read. */
    String stream() {
        return stream;
    }

    /** Where each shard begins that is read for the first time. */
    Position initialPosition() {
        return initialPosition;
    }

    List<Entry> entries() {
        return entries;
    }
}
