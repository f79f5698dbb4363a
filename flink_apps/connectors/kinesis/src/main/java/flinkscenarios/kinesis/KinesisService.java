package flinkscenarios.kinesis;

import java.util.List;
import javax.annotation.Nullable;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequestEntry;
import software.amazon.awssdk.services.kinesis.model.PutRecordsResultEntry;
import software.amazon.awssdk.services.kinesis.model.Record;

/**
 * What the connector calls of Kinesis Data Streams, for one stream. Thread-safe.
 *
 * <p>All calls throw a {@link ServiceException}, and none tries again by itself.
 */
interface KinesisService extends AutoCloseable {

    /** All shards that the stream keeps, open ones and closed ones. */
    List<Shard> shards();

    /** An iterator over a shard, good for five minutes. */
    String iterator(String shardId, Position position);

    /** The next records of a shard: at most {@code limit}, and 10 MiB. */
    Page records(String iterator, int limit);

    /** Puts records; the answers are in their order. */
    List<PutRecordsResultEntry> put(List<PutRecordsRequestEntry> entries);

    @Override
    void close();

    /** An answer with records. */
    final class Page {

        private final List<Record> records;
        @Nullable private final String next;
        private final long millisBehindLatest;

        Page(List<Record> records, @Nullable String next, long millisBehindLatest) {
            this.records = records;
            this.next = next;
            this.millisBehindLatest = millisBehindLatest;
        }

        List<Record> records() {
            return records;
        }

        /** The iterator that goes on; null at the end of a closed shard. */
        @Nullable
        String next() {
            return next;
        }

        /** How far the last record is from the tip of the stream, in milliseconds; 0 at the tip. */
        long millisBehindLatest() {
            return millisBehindLatest;
        }
    }
}
