package flinkscenarios.operators;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import javax.annotation.Nullable;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.api.dag.Pipeline;
import org.apache.flink.api.dag.Transformation;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.JobStatusHook;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.apache.flink.streaming.api.graph.StreamGraphHasherV2;
import org.apache.flink.streaming.api.graph.StreamNode;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.internal.TableEnvironmentImpl;
import org.apache.flink.table.delegation.Executor;

/** The executor of a table environment, with ids for the operators of what it executes: see {@link OperatorIds}. */
public final class IdentifyingExecutor implements Executor {

    /** The variable of the environment with the path of a file that the operators are listed in. */
    static final String LIST = "FLINK_APPS_OPERATORS";

    private final Executor executor;
    private final List<String> sinks;
    private final Map<String, String> connectors;

    private IdentifyingExecutor(Executor executor, List<String> sinks, Map<String, String> connectors) {
        this.executor = executor;
        this.sinks = sinks;
        this.connectors = connectors;
    }

    /**
     * Has an environment give ids to the operators of its next statement set.
     *
     * @param sinks the tables that the statements write, in their order
     * @param connectors the connectors of tables, by their names
     */
    public static void install(TableEnvironment environment, List<String> sinks, Map<String, String> connectors)
            throws ReflectiveOperationException {
        // PyFlink has no other way to its own executor, either.
        Field field = TableEnvironmentImpl.class.getDeclaredField("execEnv");
        field.setAccessible(true);
        Executor executor = (Executor) field.get(environment);
        if (executor instanceof IdentifyingExecutor) {
            executor = ((IdentifyingExecutor) executor).executor;
        }
        field.set(environment, new IdentifyingExecutor(executor, List.copyOf(sinks), Map.copyOf(connectors)));
    }

    @Override
    public ReadableConfig getConfiguration() {
        return executor.getConfiguration();
    }

    @Override
    public Pipeline createPipeline(
            List<Transformation<?>> ends, ReadableConfig configuration, @Nullable String defaultJobName) {
        return createPipeline(ends, configuration, defaultJobName, List.of());
    }

    @Override
    public Pipeline createPipeline(
            List<Transformation<?>> ends,
            ReadableConfig configuration,
            @Nullable String defaultJobName,
            List<JobStatusHook> hooks) {
        if (ends.size() != sinks.size()) {
            throw new IllegalStateException("the plan has " + ends.size() + " ends, but the sinks are " + sinks);
        }
        LinkedHashMap<String, Transformation<?>> byTable = new LinkedHashMap<>();
        for (int number = 0; number < ends.size(); number++) {
            byTable.put(sinks.get(number), ends.get(number));
        }
        OperatorIds.set(byTable, connectors);
        Pipeline pipeline = executor.createPipeline(ends, configuration, defaultJobName, hooks);
        String file = System.getenv(LIST);
        if (file != null) {
            list((StreamGraph) pipeline, Path.of(file));
        }
        return pipeline;
    }

    /** Writes a line for each operator: the id of its state, the id that this is made of, its name; with tabs between. */
    private static void list(StreamGraph graph, Path file) {
        Map<Integer, byte[]> hashes = new StreamGraphHasherV2().traverseStreamGraphAndGenerateHashes(graph);
        Map<String, String> operators = new TreeMap<>();
        for (StreamNode node : graph.getStreamNodes()) {
            String uid = String.valueOf(node.getTransformationUID());
            String state = new OperatorID(hashes.get(node.getId())).toString();
            operators.put(uid, String.join("\t", state, uid, node.getOperatorName()));
        }
        String lines = operators.values().stream().map(line -> line + "\n").collect(Collectors.joining());
        try {
            Files.writeString(file, lines);
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }

    @Override
    public JobExecutionResult execute(Pipeline pipeline) throws Exception {
        return executor.execute(pipeline);
    }

    @Override
    public JobClient executeAsync(Pipeline pipeline) throws Exception {
        return executor.executeAsync(pipeline);
    }

    @Override
    public boolean isCheckpointingEnabled() {
        return executor.isCheckpointingEnabled();
    }
}
