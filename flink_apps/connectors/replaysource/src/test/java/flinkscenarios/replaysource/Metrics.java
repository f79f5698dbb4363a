package flinkscenarios.replaysource;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;

/** Keeps the metrics that are registered in the group that the service exports. */
final class Metrics extends UnregisteredMetricsGroup {

    private final Map<String, Metric> registered = new HashMap<>();

    @Override
    public MetricGroup addGroup(String name) {
        assertEquals("kinesisanalytics", name);
        return this;
    }

    @Override
    public Counter counter(String name) {
        SimpleCounter counter = new SimpleCounter();
        registered.put(name, counter);
        return counter;
    }

    @Override
    public <T, G extends Gauge<T>> G gauge(String name, G gauge) {
        registered.put(name, gauge);
        return gauge;
    }

    long count(String name) {
        return ((SimpleCounter) registered.get(name)).getCount();
    }

    Object gauge(String name) {
        return ((Gauge<?>) registered.get(name)).getValue();
    }
}
