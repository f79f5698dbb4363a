package flinkscenarios.prometheus;

import java.util.Optional;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.DataStreamSink;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.ProviderContext;
import org.apache.flink.table.connector.sink.DataStreamSinkProvider;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.data.RowData;

/**
 * Adds a {@link PrometheusSink} to a table plan. It takes only insertions, because a sample cannot be withdrawn.
 *
 * <p>All samples of a series go to the same writer: the requests of two writers could overtake each other.
 */
final class PrometheusTableSink implements DynamicTableSink {

    private final PrometheusOptions options;
    private final SampleColumns columns;

    PrometheusTableSink(PrometheusOptions options, SampleColumns columns) {
        this.options = options;
        this.columns = columns;
    }

    @Override
    public ChangelogMode getChangelogMode(ChangelogMode requestedMode) {
        return ChangelogMode.insertOnly();
    }

    @Override
    public SinkRuntimeProvider getSinkRuntimeProvider(Context context) {
        return new BySeries();
    }

    @Override
    public DynamicTableSink copy() {
        return new PrometheusTableSink(options, columns);
    }

    @Override
    public String asSummaryString() {
        return PrometheusTableFactory.IDENTIFIER;
    }

    private final class BySeries implements DataStreamSinkProvider {

        @Override
        public DataStreamSink<?> consumeDataStream(ProviderContext context, DataStream<RowData> rows) {
            int parallelism = getParallelism().orElse(rows.getParallelism());
            DataStreamSink<RowData> sink =
                    rows.keyBy(columns::series)
                            .sinkTo(new PrometheusSink(options, columns))
                            .name(asSummaryString())
                            .setParallelism(parallelism);
            context.generateUid(PrometheusTableFactory.IDENTIFIER).ifPresent(sink::uid);
            return sink;
        }

        @Override
        public Optional<Integer> getParallelism() {
            return Optional.ofNullable(options.parallelism());
        }
    }
}
