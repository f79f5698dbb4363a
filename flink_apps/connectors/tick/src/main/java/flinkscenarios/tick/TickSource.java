package flinkscenarios.tick;

import java.util.Collection;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource.NumberSequenceSplit;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.table.data.RowData;

/**
 * Emits the slices of one time line, paced by the wall clock; to be run at parallelism 1.
 *
 * <p>The split is the rest of the time line: the numbers of its milliseconds, from the position on. The split, its
 * serializers and its enumerator are those of Flink's number sequence; only the reader differs. The position is in
 * milliseconds, not in ticks, so that a job restored with another interval continues without a gap. The split's id
 * contains the instant of the position: see {@link SplitStart}.
 */
final class TickSource implements Source<RowData, NumberSequenceSplit, Collection<NumberSequenceSplit>> {

    private static final long serialVersionUID = 1L;

    private final TickOptions options;
    private final boolean withDue;
    private final NumberSequenceSource timeLine;

    TickSource(TickOptions options, boolean withDue) {
        this.options = options;
        this.withDue = withDue;
        this.timeLine = new NumberSequenceSource(0, options.endMillis() - 1);
    }

    @Override
    public Boundedness getBoundedness() {
        return options.bounded() ? Boundedness.BOUNDED : Boundedness.CONTINUOUS_UNBOUNDED;
    }

    @Override
    public SourceReader<RowData, NumberSequenceSplit> createReader(SourceReaderContext context) {
        return new TickReader(options, withDue, context, System::nanoTime, System::currentTimeMillis);
    }

    @Override
    public SplitEnumerator<NumberSequenceSplit, Collection<NumberSequenceSplit>> createEnumerator(
            SplitEnumeratorContext<NumberSequenceSplit> context) {
        return timeLine.createEnumerator(context);
    }

    @Override
    public SplitEnumerator<NumberSequenceSplit, Collection<NumberSequenceSplit>> restoreEnumerator(
            SplitEnumeratorContext<NumberSequenceSplit> context, Collection<NumberSequenceSplit> checkpoint) {
        return timeLine.restoreEnumerator(context, checkpoint);
    }

    @Override
    public SimpleVersionedSerializer<NumberSequenceSplit> getSplitSerializer() {
        return timeLine.getSplitSerializer();
    }

    @Override
    public SimpleVersionedSerializer<Collection<NumberSequenceSplit>> getEnumeratorCheckpointSerializer() {
        return timeLine.getEnumeratorCheckpointSerializer();
    }
}
