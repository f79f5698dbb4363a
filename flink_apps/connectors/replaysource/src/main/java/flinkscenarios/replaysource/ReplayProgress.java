package flinkscenarios.replaysource;

import java.util.List;
import org.apache.flink.connector.file.src.FileSourceSplit;
import org.apache.flink.core.fs.Path;

/**
 * The state of a replay apart from the position in each file.
 *
 * <p>The state of a reader is its splits, so this is a split, too; the file source never sees it.
 */
final class ReplayProgress extends FileSourceSplit {

    private static final long serialVersionUID = 1L;

    /** What the buffered rows, and the times and numbers below, were made from. */
    final String origin;
    /** Epoch milliseconds at which the time line continues; {@link EpochMillis#NONE} before its start. */
    final long positionMillis;
    /** The latest time that was released; {@link EpochMillis#NONE} when there is none. */
    final long latestMillis;
    /** The number of rows read. */
    final long rowsRead;
    /** The rows that were read but not released. */
    final transient List<ReplayBuffer.Entry> buffered;

    ReplayProgress(
            String origin,
            long positionMillis,
            long latestMillis,
            long rowsRead,
            List<ReplayBuffer.Entry> buffered) {
        super("replay-progress", new Path("replay-progress"), 0, 0, 0, 0);
        this.origin = origin;
        this.positionMillis = positionMillis;
        this.latestMillis = latestMillis;
        this.rowsRead = rowsRead;
        this.buffered = buffered;
    }
}
