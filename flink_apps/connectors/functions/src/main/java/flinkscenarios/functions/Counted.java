package flinkscenarios.functions;

import java.util.HashMap;
import java.util.Map;
import javax.annotation.Nullable;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.table.functions.ScalarFunction;

/**
 * {@code counted(value, 'metricName')} returns the value unchanged, and counts it in a metric.
 *
 * <p>The counter is in the metric group {@code kinesisanalytics}, which the managed service exports to CloudWatch. As
 * with SQL's COUNT, NULL does not count. The name should be a literal: each name registers a metric for the whole run.
 */
public final class Counted extends ScalarFunction {

    private static final long serialVersionUID = 1L;

    private static final String EXPORTED_GROUP = "kinesisanalytics";

    private transient MetricGroup group;
    private transient Map<String, Counter> counters;

    @Override
    public void open(FunctionContext context) {
        group = context.getMetricGroup().addGroup(EXPORTED_GROUP);
        counters = new HashMap<>();
    }

    /** Counts a text. */
    @Nullable
    public String eval(@Nullable String value, String metricName) {
        count(value, metricName);
        return value;
    }

    /** Counts a number. */
    @Nullable
    public Long eval(@Nullable Long value, String metricName) {
        count(value, metricName);
        return value;
    }

    /** Counts a message. */
    @Nullable
    public byte[] eval(@Nullable byte[] value, String metricName) {
        count(value, metricName);
        return value;
    }

    /** False, so that the planner calls it exactly once for each row: it does not fold, share or drop the call. */
    @Override
    public boolean isDeterministic() {
        return false;
    }

    private void count(@Nullable Object value, String metricName) {
        if (metricName == null || metricName.isBlank()) {
            throw new IllegalArgumentException(
                    String.format(
                            "the metric's name must not be blank (got %s); write a literal such as 'deadLetterCount'",
                            metricName));
        }
        // Registered by the first call, also for NULL, so that a metric that is still zero can be seen.
        Counter counter = counters.computeIfAbsent(metricName, group::counter);
        if (value != null) {
            counter.inc();
        }
    }
}
