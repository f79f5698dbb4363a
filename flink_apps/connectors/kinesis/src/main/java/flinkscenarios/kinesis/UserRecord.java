package flinkscenarios.kinesis;

/** A record as its producer made it: a record of the stream, or one of those that an aggregated record is made of. */
final class UserRecord {

    private final byte[] data;
    private final String partitionKey;
    private final String sequenceNumber;
    private final long subSequenceNumber;
    private final boolean last;
    private final long arrivalMillis;

    UserRecord(
            byte[] data,
            String partitionKey,
            String sequenceNumber,
            long subSequenceNumber,
            boolean last,
            long arrivalMillis) {
        this.data = data;
        this.partitionKey = partitionKey;
        this.sequenceNumber = sequenceNumber;
        this.subSequenceNumber = subSequenceNumber;
        this.last = last;
        this.arrivalMillis = arrivalMillis;
    }

    byte[] data() {
        return data;
    }

    String partitionKey() {
        return partitionKey;
    }

    /** The number of the record of the stream. */
    String sequenceNumber() {
        return sequenceNumber;
    }

    /** About when the stream took the record, in milliseconds since 1970. */
    long arrivalMillis() {
        return arrivalMillis;
    }

    /** Where reading goes on after this one. */
    Position next() {
        return last ? Position.after(sequenceNumber) : Position.inside(sequenceNumber, subSequenceNumber);
    }
}
