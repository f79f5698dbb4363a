package flinkscenarios.kinesis;

import java.io.IOException;
import javax.annotation.Nullable;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;

/** A shard that a reader has, and how far it has emitted it. */
final class ShardReading {

    private final ShardSplit split;
    @Nullable private final ShardPoller poller;
    private final ShardMetrics metrics;
    private final StringData id;

    @Nullable private SourceOutput<RowData> output;
    @Nullable private UserRecord last;
    private boolean ended;
    private boolean idle;

    /** @param poller null for a shard that has ended */
    ShardReading(ShardSplit split, @Nullable ShardPoller poller, ShardMetrics metrics) {
        this.split = split;
        this.poller = poller;
        this.metrics = metrics;
        this.id = StringData.fromString(split.splitId());
        this.ended = split.ended();
    }

    String id() {
        return split.splitId();
    }

    ShardMetrics metrics() {
        return metrics;
    }

    boolean isIdle() {
        return idle;
    }

    boolean hasEnded() {
        return ended;
    }

    /** Takes the output that Flink has made for the shard, with watermarks of its own. */
    void open(ReaderOutput<RowData> task) {
        if (output == null) {
            output = task.createOutputForSplit(id());
        }
    }

    void emit(UserRecord record, RowDecoder decoder) throws IOException {
        if (idle) {
            output.markActive();
            idle = false;
        }
        decoder.decode(record, id, output);
        last = record;
    }

    /** Event time does not wait for it until its next record. */
    void goIdle() {
        output.markIdle();
        idle = true;
    }

    /** There is no more of it. */
    void end() {
        ended = true;
    }

    void close() {
        metrics.close();
    }

    void pause(boolean pause) {
        if (poller != null) {
            poller.pause(pause);
        }
    }

    ShardSplit state() {
        return new ShardSplit(split.shard(), last == null ? split.position() : last.next(), ended);
    }
}
