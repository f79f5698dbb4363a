package flinkscenarios.kinesis;

import java.util.List;
import org.apache.flink.api.connector.source.SourceEvent;

/** What the readers and the enumerator tell each other. */
final class Events {

    private Events() {}

    /** Reader: what I have, at my start. */
    static final class Holdings implements SourceEvent {
        private static final long serialVersionUID = 1L;
        final List<String> reading;
        final List<String> ended;

        Holdings(List<String> reading, List<String> ended) {
            this.reading = List.copyOf(reading);
            this.ended = List.copyOf(ended);
        }
    }

    /** Reader: I have read a shard to its end, and have it still. */
    static final class Ended implements SourceEvent {
        private static final long serialVersionUID = 1L;
        final String shard;

        Ended(String shard) {
            this.shard = shard;
        }
    }

    /** Enumerator: let shards go that have ended. */
    static final class Release implements SourceEvent {
        private static final long serialVersionUID = 1L;
        final List<String> shards;

        Release(List<String> shards) {
            this.shards = List.copyOf(shards);
        }
    }

    /** Enumerator: there is no shard for you now. */
    static final class NoShards implements SourceEvent {
        private static final long serialVersionUID = 1L;
    }
}
