package local.flink;

import java.io.DataInputStream;
import java.io.FileInputStream;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;

/**
 * Lists the operators of a savepoint or checkpoint whose folder is the only argument: a line for each that has state,
 * with its id, parallelism, maximum parallelism, and the bytes of its state, separated by tabs.
 */
public final class SavepointReader {

    private SavepointReader() {}

    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        CheckpointMetadata metadata;
        try (DataInputStream input =
                new DataInputStream(new FileInputStream(folder.resolve("_metadata").toFile()))) {
            metadata = Checkpoints.loadCheckpointMetadata(
                    input, SavepointReader.class.getClassLoader(), folder.toUri().toString());
        }
        metadata.getOperatorStates().stream()
                .filter(SavepointReader::hasState)
                .sorted(Comparator.comparing(operator -> operator.getOperatorID().toString()))
                .forEach(operator -> System.out.println(String.join(
                        "\t",
                        operator.getOperatorID().toString(),
                        String.valueOf(operator.getParallelism()),
                        String.valueOf(operator.getMaxParallelism()),
                        String.valueOf(bytes(operator)))));
    }

    private static boolean hasState(OperatorState operator) {
        return operator.getCoordinatorState() != null
                || operator.getStates().stream().anyMatch(OperatorSubtaskState::hasState);
    }

    private static long bytes(OperatorState operator) {
        long coordinator = operator.getCoordinatorState() == null
                ? 0
                : operator.getCoordinatorState().getStateSize();
        Stream<OperatorSubtaskState> tasks = operator.getStates().stream();
        return coordinator + tasks.mapToLong(OperatorSubtaskState::getStateSize).sum();
    }
}
