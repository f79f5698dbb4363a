package local.flink;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Properties;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.reporter.MetricReporter;
import org.apache.flink.metrics.reporter.MetricReporterFactory;

/**
 * Writes what each counter of a task had counted when the task ended. The REST API keeps what it asked for last, which
 * is up to an interval older.
 *
 * <p>A line each, of six fields between tabs: job, operator, subtask, attempt, identifier, count.
 */
public final class FinalCounters implements MetricReporter, MetricReporterFactory {

    private Path file;

    @Override
    public MetricReporter createMetricReporter(Properties properties) {
        return new FinalCounters();
    }

    @Override
    public void open(MetricConfig config) {
        long process = ProcessHandle.current().pid();
        file = Path.of(config.getString("folder", ".")).resolve("final-counters-" + process + ".tsv");
    }

    @Override
    public void close() {}

    @Override
    public void notifyOfAddedMetric(Metric metric, String name, MetricGroup group) {}

    @Override
    public void notifyOfRemovedMetric(Metric metric, String name, MetricGroup group) {
        Map<String, String> scope = group.getAllVariables();
        if (!(metric instanceof Counter) || !scope.containsKey("<operator_name>")) {
            return;
        }
        String line = String.join(
                "\t",
                scope.get("<job_id>"),
                scope.get("<operator_name>"),
                scope.get("<subtask_index>"),
                scope.get("<task_attempt_num>"),
                group.getMetricIdentifier(name),
                Long.toString(((Counter) metric).getCount()) + "\n");
        try {
            Files.write(
                    file,
                    line.getBytes(StandardCharsets.UTF_8),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
