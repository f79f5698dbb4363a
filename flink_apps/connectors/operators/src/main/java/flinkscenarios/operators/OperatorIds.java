package flinkscenarios.operators;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.api.dag.Transformation;
import org.apache.flink.streaming.api.transformations.LegacySourceTransformation;
import org.apache.flink.streaming.api.transformations.PhysicalTransformation;
import org.apache.flink.streaming.api.transformations.SourceTransformation;

/**
 * Gives each operator of a job an id that tells what it does: for which table, and in which step.
 *
 * <p>State is found again by the id of its operator. What Flink makes of a plan is numbered in the order of the plan, so
 * that a new sink, filter or column gives other operators other ids. Here the id of a source or sink is its table with
 * its connector, and the id of a step in between is the sink that it leads to, or the source if it leads to several.
 * Where another step would read the state wrongly, the id tells what the state is of.
 */
public final class OperatorIds {

    /** What the planner sets as an id: the number of a node in the plan, and the step within it. */
    private static final Pattern NUMBERED = Pattern.compile("(\\d+)_(.*)");

    /**
     * In the description of an aggregate, the step of its cumulated windows. The state of an open window is that of its
     * first step: with steps of another length it would not be found, or be taken for another window's.
     */
    private static final Pattern STEP = Pattern.compile("window=\\[CUMULATE\\([^)]*?\\bstep=\\[([^]]+)]");

    /** The name of a table's operator: the table, and that number. */
    private static final Pattern NAMED = Pattern.compile("(.*)\\[\\d+]");

    private final Map<String, String> connectors;
    private final Map<Transformation<?>, Set<String>> sinks = new HashMap<>();
    private final Map<Transformation<?>, Set<String>> sources = new HashMap<>();
    private final List<Transformation<?>> ordered = new ArrayList<>();
    private final Map<String, String> sinkNodes = new HashMap<>();

    private OperatorIds(Map<String, String> connectors) {
        this.connectors = connectors;
    }

    /**
     * Sets the ids of all operators that lead to these ends. An id that a job sets by itself stays.
     *
     * @param ends the last operators, by the names of the tables that they write
     * @param connectors of the tables, by their names
     */
    public static void set(LinkedHashMap<String, Transformation<?>> ends, Map<String, String> connectors) {
        new OperatorIds(connectors).set(ends);
    }

    private void set(LinkedHashMap<String, Transformation<?>> ends) {
        ends.forEach((sink, end) -> {
            follow(end);
            reach(end, sink);
            Matcher number = numbered(end);
            if (number.matches()) {
                sinkNodes.put(number.group(1), sink);
            }
        });
        Set<String> taken = new HashSet<>();
        for (Transformation<?> operator : ordered) {
            if (operator instanceof PhysicalTransformation && !isOwn(operator)) {
                operator.setUid(unique(id(operator), taken));
            }
        }
    }

    /** Lists an operator after those that it reads, and finds the sources that it reads. */
    private Set<String> follow(Transformation<?> operator) {
        Set<String> known = sources.get(operator);
        if (known != null) {
            return known;
        }
        Set<String> found = new TreeSet<>();
        if (operator.getInputs().isEmpty()) {
            found.add(tableOf(operator));
        }
        operator.getInputs().forEach(input -> found.addAll(follow(input)));
        sources.put(operator, found);
        ordered.add(operator);
        return found;
    }

    private void reach(Transformation<?> operator, String sink) {
        if (sinks.computeIfAbsent(operator, any -> new TreeSet<>()).add(sink)) {
            operator.getInputs().forEach(input -> reach(input, sink));
        }
    }

    private String id(Transformation<?> operator) {
        Matcher number = numbered(operator);
        String step = (number.matches() ? number.group(2) : operator.getName()) + windows(operator);
        Set<String> reached = sinks.get(operator);
        if (isSource(operator)) {
            return withConnector(tableOf(operator)) + ": source";
        }
        if (number.matches() && sinkNodes.containsKey(number.group(1))) {
            return withConnector(sinkNodes.get(number.group(1))) + ": " + step;
        }
        return String.join("+", reached.size() == 1 ? reached : sources.get(operator)) + ": " + step;
    }

    private static String windows(Transformation<?> operator) {
        Matcher step = STEP.matcher(operator.getDescription() == null ? "" : operator.getDescription());
        return step.find() ? " by " + step.group(1) : "";
    }

    private String withConnector(String table) {
        return connectors.containsKey(table) ? table + " (" + connectors.get(table) + ")" : table;
    }

    private static boolean isSource(Transformation<?> operator) {
        return operator instanceof SourceTransformation || operator instanceof LegacySourceTransformation;
    }

    private static boolean isOwn(Transformation<?> operator) {
        return operator.getUid() != null && !numbered(operator).matches();
    }

    private static Matcher numbered(Transformation<?> operator) {
        return NUMBERED.matcher(operator.getUid() == null ? "" : operator.getUid());
    }

    private static String tableOf(Transformation<?> source) {
        Matcher name = NAMED.matcher(source.getName());
        return name.matches() ? name.group(1) : source.getName();
    }

    private static String unique(String id, Collection<String> taken) {
        String result = id;
        for (int number = 2; !taken.add(result); number++) {
            result = id + " " + number;
        }
        return result;
    }
}
