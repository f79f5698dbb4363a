package flinkscenarios.kinesis;

import java.util.Objects;
import org.apache.flink.api.connector.source.SourceSplit;

/** A shard to read, and how far it has been read. */
final class ShardSplit implements SourceSplit {

    private final Shard shard;
    private final Position position;
    private final boolean ended;

    /** @param ended whether everything of a closed shard has been read */
    ShardSplit(Shard shard, Position position, boolean ended) {
        this.shard = shard;
        this.position = position;
        this.ended = ended;
    }

    @Override
    public String splitId() {
        return shard.id();
    }

    Shard shard() {
        return shard;
    }

    Position position() {
        return position;
    }

    /** Whether everything of a closed shard has been read. */
    boolean ended() {
        return ended;
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof ShardSplit)) {
            return false;
        }
        ShardSplit that = (ShardSplit) other;
        return shard.equals(that.shard) && position.equals(that.position) && ended == that.ended;
    }

    @Override
    public int hashCode() {
        return Objects.hash(shard, position, ended);
    }

    @Override
    public String toString() {
        return shard + (ended ? ", ended" : ", " + position);
    }
}
