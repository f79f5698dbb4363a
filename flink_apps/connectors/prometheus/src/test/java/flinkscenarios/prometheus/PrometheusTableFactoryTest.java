package flinkscenarios.prometheus;

import static flinkscenarios.testing.TestTables.options;
import static flinkscenarios.testing.TestTables.refusal;
import static flinkscenarios.testing.TestTables.sink;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Optional;
import org.apache.flink.api.dag.Transformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.transformations.PartitionTransformation;
import org.apache.flink.streaming.api.transformations.SinkTransformation;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.sink.DataStreamSinkProvider;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PrometheusTableFactoryTest {

    private static final ResolvedSchema SCHEMA =
            ResolvedSchema.of(
                    Column.physical("metric_name", DataTypes.STRING()),
                    Column.physical("labels", DataTypes.MAP(DataTypes.STRING(), DataTypes.STRING())),
                    Column.physical("value", DataTypes.DOUBLE()),
                    Column.physical("timestamp", DataTypes.TIMESTAMP_LTZ(3)),
                    Column.physical("millis", DataTypes.BIGINT()),
                    Column.physical("local", DataTypes.TIMESTAMP(3)),
                    Column.physical("counts", DataTypes.MAP(DataTypes.STRING(), DataTypes.BIGINT())));

    private static final Map<String, String> SIGNED =
            Map.of(
                    "connector",
                    "prometheus-remote-write",
                    "metric.endpoint-url",
                    "https://aps.example.com/workspaces/ws-1/api/v1/remote_write",
                    "region",
                    "us-east-1");

    /** The sink of a table; a null value leaves the option out. */
    private static PrometheusTableSink create(String... options) {
        return assertInstanceOf(PrometheusTableSink.class, sink(SCHEMA, options(SIGNED, options)));
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            nullValues = "-",
            value = {
                "metric.endpoint-url, -, 'metric.endpoint-url' must be set (got nothing); write for example",
                "metric.endpoint-url, https://a b, 'metric.endpoint-url' must be an address (got https://a b); write",
                "metric.endpoint-url, ftp://h/w, 'metric.endpoint-url' must start with https:// or http:// (got ftp",
                "metric.endpoint-url, https:///x, \"'metric.endpoint-url' must have a host, and a port from 1 to\"",
                "metric.endpoint-url, http://h:70000/w, \"'metric.endpoint-url' must have a host, and a port\"",
                "metric.endpoint-url, https://u:p@h/w, 'metric.endpoint-url' must have neither a user nor a fragment",
                "metric.endpoint-url, https://h/w#x, 'metric.endpoint-url' must have neither a user nor a fragment",
                "metric.endpoint-url, https://h, 'metric.endpoint-url' must have the path of remote write (got https",
                "metric-name-column, name, \"'metric-name-column' must name a column of the table (got name);"
                        + " write for example one of [metric_name, labels, value,\"",
                "metric-name-column, millis, 'metric-name-column' must name a column of type STRING (got millis); write"
                        + " for example CAST (millis AS …)",
                "labels-column, counts, \"'labels-column' must name a column of type MAP<STRING, STRING> (got\"",
                "value-column, millis, 'value-column' must name a column of type DOUBLE (got millis); write",
                "timestamp-column, local, 'timestamp-column' must name a column of type BIGINT (milliseconds) or"
                        + " TIMESTAMP_LTZ(3) (got local); write for example CAST (local AS …)",
                "authentication, basic, \"'authentication' must be one of sigv4, none (got basic); write for example\"",
                "region, -, \"'region' must be set (got nothing); write for example 'us-east-1', or\"",
                "max-batch-size-in-samples, 0, 'max-batch-size-in-samples' must be an integer from 1 to 100000",
                "max-batch-size-in-samples, few, 'max-batch-size-in-samples' must be an integer from 1 to 100000",
                "max-time-in-buffer-ms, 0, 'max-time-in-buffer-ms' must be an integer from 1 to 3600000 (got 0)",
                "max-retry-count, -1, 'max-retry-count' must be an integer from 0 to 2147483647 (got -1); write",
                "initial-retry-delay-ms, 0, 'initial-retry-delay-ms' must be an integer from 1 to 3600000 (got 0)",
                "initial-retry-delay-ms, 6000, 'max-retry-delay-ms' must not be less than 'initial-retry-delay-ms' ="
                        + " 6000 (got nothing)",
                "max-retry-delay-ms, 29, 'max-retry-delay-ms' must not be less than 'initial-retry-delay-ms' = 30 (got"
                        + " 29); write for example '30'",
                "socket-timeout-ms, 5 s, 'socket-timeout-ms' must be an integer from 1 to 3600000 (got 5 s); write",
                "http-user-agent, \"\", 'http-user-agent' must be visible ASCII (got ); write for example 'Flink",
                "metric-group-name, a.b, \"'metric-group-name' must be of letters, digits, _ and - only (got a.b)\"",
                "on-max-retry-exceeded, fail, \"'on-max-retry-exceeded' must be one of FAIL, DISCARD_AND_CONTINUE\"",
                "on-non-retryable, FAIL, 'on-non-retryable' must be DISCARD_AND_CONTINUE (got FAIL); write",
                "split-refused-requests, maybe, 'split-refused-requests' must be true or false (got maybe); write for",
                "name-validation-scheme, UTF8, 'name-validation-scheme' must be one of legacy, utf8 (got UTF8); write",
                "sink.parallelism, 0, 'sink.parallelism' must be an integer from 1 to 32767 (got 0); write",
            })
    void aBadValueIsRefusedInOneLine(String option, String value, String start) {
        String message = refusal(() -> create(option, value));
        assertEquals(start, message.substring(0, Math.min(start.length(), message.length())));
        assertFalse(message.contains("\n"));
    }

    @Test
    void anUnknownOptionIsRefused() {
        assertTrue(refusal(() -> create("max-batch-size", "1")).contains("max-batch-size"));
    }

    @Test
    void withoutAuthenticationNoRegionIsNeeded() {
        create("authentication", "none", "region", null);
    }

    @Test
    void aTableTakesInsertionsOnly() {
        assertEquals(ChangelogMode.insertOnly(), create().getChangelogMode(ChangelogMode.all()));
    }

    /** The transformation of a sink that takes rows from so many tasks. */
    private static Transformation<?> transformation(int tasks, String... options) {
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
        DataStream<RowData> rows =
                environment
                        .fromSequence(0, 1)
                        .map(number -> (RowData) GenericRowData.of(number))
                        .returns(RowData.class)
                        .setParallelism(tasks);
        DataStreamSinkProvider provider =
                assertInstanceOf(DataStreamSinkProvider.class, create(options).getSinkRuntimeProvider(null));
        return provider.consumeDataStream(name -> Optional.of("sink"), rows).getTransformation();
    }

    @Test
    void theSinkCanBeShipped() {
        Transformation<?> sink = transformation(1, "timestamp-column", "millis");
        assertTrue(InstantiationUtil.isSerializable(((SinkTransformation<?, ?>) sink).getSink()));
    }

    @ParameterizedTest
    @CsvSource(nullValues = "-", value = {"1, -, 1", "2, -, 2", "1, 2, 2", "4, 1, 1"})
    void allSamplesOfASeriesComeToTheSameTask(int tasks, String asked, int parallelism) {
        Transformation<?> sink = transformation(tasks, "timestamp-column", "millis", "sink.parallelism", asked);
        assertEquals(parallelism, sink.getParallelism());
        assertInstanceOf(PartitionTransformation.class, sink.getInputs().get(0));
    }
}
