package flinkscenarios.kinesis;

import java.time.Instant;
import java.util.Objects;
import javax.annotation.Nullable;

/** Where the reading of a shard goes on. */
final class Position {

    /** The kinds in the order of their numbers in a checkpoint: new ones come last. */
    enum Kind {
        /** At the oldest record that the stream keeps. */
        OLDEST,
        /** At the first record that arrived at an instant or later. */
        SINCE,
        /** After a record. */
        AFTER,
        /** Inside an aggregated record, after one of the user records that it is made of. */
        INSIDE
    }

    static final Position OLDEST = new Position(Kind.OLDEST, null, 0);

    private final Kind kind;
    @Nullable private final String sequenceNumber;
    private final long number;

    private Position(Kind kind, @Nullable String sequenceNumber, long number) {
        this.kind = kind;
        this.sequenceNumber = sequenceNumber;
        this.number = number;
    }

    static Position since(Instant arrival) {
        return new Position(Kind.SINCE, null, arrival.toEpochMilli());
    }

    static Position after(String sequenceNumber) {
        return new Position(Kind.AFTER, sequenceNumber, 0);
    }

    /**
     * Inside an aggregated record.
     *
     * @param subSequenceNumber the index of the last user record that was read, from 0
     */
    static Position inside(String sequenceNumber, long subSequenceNumber) {
        return new Position(Kind.INSIDE, sequenceNumber, subSequenceNumber);
    }

    /** The position with the parts that a checkpoint has of it. */
    static Position of(Kind kind, @Nullable String sequenceNumber, long number) {
        return new Position(kind, sequenceNumber, number);
    }

    Kind kind() {
        return kind;
    }

    /** Of the record that the position is after or inside; null at others. */
    @Nullable
    String sequenceNumber() {
        return sequenceNumber;
    }

    /** Milliseconds since 1970, or the index in an aggregated record; 0 at others. */
    long number() {
        return number;
    }

    Instant instant() {
        return Instant.ofEpochMilli(number);
    }

    /** Whether a user record of the record with this sequence number was read before. */
    boolean covers(String sequence, long subSequenceNumber) {
        return kind == Kind.INSIDE && sequence.equals(sequenceNumber) && subSequenceNumber <= number;
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof Position)) {
            return false;
        }
        Position that = (Position) other;
        return kind == that.kind && number == that.number && Objects.equals(sequenceNumber, that.sequenceNumber);
    }

    @Override
    public int hashCode() {
        return Objects.hash(kind, sequenceNumber, number);
    }

    @Override
    public String toString() {
        switch (kind) {
            case SINCE:
                return "since " + instant();
            case AFTER:
                return "after " + sequenceNumber;
            case INSIDE:
                return "inside " + sequenceNumber + " after " + number;
            default:
                return "the oldest";
        }
    }
}
