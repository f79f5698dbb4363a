package flinkscenarios.prometheus;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;

/** A metric group that can be asked for what its groups have counted. */
final class Counters extends UnregisteredMetricsGroup {

    private final Map<String, Counter> counters = new TreeMap<>();

    @Override
    public MetricGroup addGroup(String group) {
        return new UnregisteredMetricsGroup() {
            @Override
            public <C extends Counter> C counter(String name, C counter) {
                counters.put(group + "." + name, counter);
                return counter;
            }
        };
    }

    /** All that is not zero: {@code group.name=count}, by name. */
    String nonZero() {
        return counters.entrySet().stream()
                .filter(counter -> counter.getValue().getCount() != 0)
                .map(counter -> counter.getKey() + "=" + counter.getValue().getCount())
                .collect(Collectors.joining(" "));
    }

    /** All names, with their groups. */
    Set<String> names() {
        return counters.keySet();
    }
}
