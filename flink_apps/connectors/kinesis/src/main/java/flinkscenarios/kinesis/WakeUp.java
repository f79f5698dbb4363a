package flinkscenarios.kinesis;

import javax.annotation.Nullable;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.table.data.RowData;

/**
 * Keeps the watermark of a task where it is for a while after all of its shards were idle.
 *
 * <p>When a stream speaks again, its shards are not read at the same moment. Without this, the first one would take event
 * time with it, as nobody waits for the others yet, and their first records would be late. So they have the idleness
 * timeout to be heard, as they have it after a start.
 */
final class WakeUp {

    /** No shard has such a name. */
    private static final String ID = "waking up";

    private final Silence patience;

    /** An output without a watermark, which Flink waits for. */
    @Nullable private SourceOutput<RowData> waiting;

    /** @param patience with the idleness timeout */
    WakeUp(Silence patience) {
        this.patience = patience;
    }

    void begin(ReaderOutput<RowData> output) {
        if (waiting == null) {
            patience.broken();
            waiting = output.createOutputForSplit(ID);
            // Flink would say so with the next watermark only, and nobody would wait for this task until then.
            output.markActive();
        }
    }

    /** Ends it once it has lasted long enough. */
    void goOn(ReaderOutput<RowData> output) {
        if (waiting != null && patience.lasts()) {
            end(output);
        }
    }

    void end(ReaderOutput<RowData> output) {
        if (waiting != null) {
            // Idle first: only then does Flink emit the watermark of the shards.
            waiting.markIdle();
            output.releaseOutputForSplit(ID);
            waiting = null;
            // From now on it is the shards that say so.
            output.markIdle();
        }
    }
}
