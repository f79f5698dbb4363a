package flinkscenarios.replaysource;

import java.util.List;
import org.apache.flink.connector.file.src.FileSourceSplit;
import org.apache.flink.core.fs.Path;

/**
 * What a checkpoint keeps of a replay besides the place in each file.
 *
 * <p>A reader's state is its splits and nothing else, hence the shape: a split that the file source never sees.
 */
final class ReplayProgress extends FileSourceSplit {

    private static final long serialVersionUID = 1L;

    /** Epoch milliseconds at which the time line goes on; {@link EpochMillis#NONE} before its start. */
    final long positionMillis;
    /** The latest time that was released; {@link EpochMillis#NONE} when there is none. */
    final long latestMillis;
    /** How many rows were read. */
    final long rowsRead;
    /** The rows that were read and not released. */
    final transient List<ReplayBuffer.Entry> buffered;

    ReplayProgress(long positionMillis, long latestMillis, long rowsRead, List<ReplayBuffer.Entry> buffered) {
        super("replay-progress", new Path("replay-progress"), 0, 0, 0, 0);
        this.positionMillis = positionMillis;
        this.latestMillis = latestMillis;
        this.rowsRead = rowsRead;
        this.buffered = buffered;
    }
}
