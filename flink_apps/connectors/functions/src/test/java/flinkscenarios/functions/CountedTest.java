package flinkscenarios.functions;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.table.functions.FunctionContext;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CountedTest {

    private final Map<String, Counter> counters = new TreeMap<>();
    private final Counted counted = new Counted();

    /** Keeps the counters of one group, and refuses to register a name twice, as Flink does with a warning. */
    private final class Group extends UnregisteredMetricsGroup {

        private final String path;

        private Group(String path) {
            this.path = path;
        }

        @Override
        public MetricGroup addGroup(String name) {
            return new Group(path + name + ".");
        }

        @Override
        public Counter counter(String name) {
            Counter counter = super.counter(name);
            assertNull(counters.put(path + name, counter), "registered twice");
            return counter;
        }
    }

    @BeforeEach
    void open() {
        counted.open(
                new FunctionContext(null) {
                    @Override
                    public MetricGroup getMetricGroup() {
                        return new Group("");
                    }
                });
    }

    private long count(String name) {
        return counters.get("kinesisanalytics." + name).getCount();
    }

    @Test
    void valuesPassUnchangedAndAreCounted() {
        byte[] bytes = {1};
        assertEquals("missing field: id", counted.eval("missing field: id", "deadLetterCount"));
        assertEquals(7L, counted.eval(7L, "deadLetterCount"));
        assertArrayEquals(bytes, counted.eval(bytes, "deadLetterCount"));
        assertEquals(3, count("deadLetterCount"));
    }

    @Test
    void nullPassesUncounted() {
        assertNull(counted.eval((String) null, "deadLetterCount"));
        assertEquals(0, count("deadLetterCount"));
    }

    @Test
    void eachNameHasItsCounter() {
        counted.eval("a", "one");
        counted.eval("b", "two");
        counted.eval("c", "two");
        assertEquals(1, count("one"));
        assertEquals(2, count("two"));
    }

    @Test
    void aBlankNameIsRefused() {
        Exception refusal = assertThrows(IllegalArgumentException.class, () -> counted.eval("a", " "));
        assertEquals(
                "the metric's name must not be blank (got  ); write a literal such as 'deadLetterCount'",
                refusal.getMessage());
        assertThrows(IllegalArgumentException.class, () -> counted.eval("a", null));
    }

    @Test
    void thePlannerMustNotFoldOrShareCalls() {
        assertFalse(counted.isDeterministic());
    }
}
