package flinkscenarios.prometheus;

import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.factories.DynamicTableSinkFactory;
import org.apache.flink.table.factories.FactoryUtil;

/**
 * Table sink {@code prometheus-remote-write}: samples into Amazon Managed Service for Prometheus, or any other server
 * of remote write 1.0.
 *
 * <pre>{@code
 * CREATE TABLE samples (
 *   metric_name STRING, labels MAP<STRING, STRING>, `value` DOUBLE, `timestamp` TIMESTAMP_LTZ(3)
 * ) WITH (
 *   'connector' = 'prometheus-remote-write', 'region' = 'us-east-1',
 *   'metric.endpoint-url' = 'https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-…/api/v1/remote_write')
 * }</pre>
 *
 * <p>A row is one sample. Prometheus requires the samples of a series in the order of their times. The sink keeps the
 * order of its input, so all rows of a series have to come from one subtask, the oldest first.
 *
 * <p>Delivery is at least once, except for samples that are dropped: illegal ones, those that Prometheus refuses, and, if
 * the options say so, those of a request that used up its retries. All are counted ({@link SinkMetrics}).
 *
 * <p>After a restart some samples are sent again. Prometheus accepts an equal one. It refuses one that is older than
 * the newest of its series, unless its out-of-order window reaches back to the checkpoint.
 */
public final class PrometheusTableFactory implements DynamicTableSinkFactory {

    /** The value of {@code connector}. */
    static final String IDENTIFIER = "prometheus-remote-write";

    @Override
    public String factoryIdentifier() {
        return IDENTIFIER;
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return PrometheusOptions.REQUIRED;
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return PrometheusOptions.OPTIONAL;
    }

    @Override
    public DynamicTableSink createDynamicTableSink(Context context) {
        FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
        // Before the helper looks at the values: its messages name neither the value nor the rule.
        PrometheusOptions options = PrometheusOptions.from(helper.getOptions());
        helper.validate();
        SampleColumns columns = SampleColumns.from(helper.getOptions(), context.getPhysicalRowDataType());
        return new PrometheusTableSink(options, columns);
    }
}
