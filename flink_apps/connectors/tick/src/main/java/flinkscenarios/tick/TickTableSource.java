package flinkscenarios.tick;

import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.connector.source.ScanTableSource;
import org.apache.flink.table.connector.source.SourceProvider;

/** Brings {@link TickSource} into a table plan, always at parallelism 1: there is one time line. */
final class TickTableSource implements ScanTableSource {

    private final TickOptions options;
    private final boolean withDue;

    TickTableSource(TickOptions options, boolean withDue) {
        this.options = options;
        this.withDue = withDue;
    }

    @Override
    public ChangelogMode getChangelogMode() {
        return ChangelogMode.insertOnly();
    }

    @Override
    public ScanRuntimeProvider getScanRuntimeProvider(ScanContext context) {
        return SourceProvider.of(new TickSource(options, withDue), 1);
    }

    @Override
    public DynamicTableSource copy() {
        return new TickTableSource(options, withDue);
    }

    @Override
    public String asSummaryString() {
        return "tick";
    }
}
