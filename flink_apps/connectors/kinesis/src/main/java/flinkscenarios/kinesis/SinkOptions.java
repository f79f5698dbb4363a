package flinkscenarios.kinesis;

import static flinkscenarios.options.OptionChecks.bool;
import static flinkscenarios.options.OptionChecks.integer;
import static flinkscenarios.options.OptionChecks.invalid;
import static flinkscenarios.options.OptionChecks.matching;
import static flinkscenarios.options.OptionChecks.oneOf;
import static flinkscenarios.options.OptionChecks.read;
import static flinkscenarios.options.OptionChecks.sinkParallelism;

import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.annotation.Nullable;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.factories.FactoryUtil;

/** The options of a table that is written to, and their rules. */
final class SinkOptions implements Serializable {

    private static final long serialVersionUID = 1L;

    private static final int MEBIBYTE = 1024 * 1024;

    /** Where a record's partition key comes from, in a table that is not {@code PARTITIONED BY} columns. */
    enum Partitioner {
        RANDOM,
        FIXED;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    static final ConfigOption<String> PARTITIONER =
            ConfigOptions.key("sink.partitioner")
                    .stringType()
                    .defaultValue(Partitioner.RANDOM.toString())
                    .withDescription("Partition keys of a table without PARTITIONED BY: 'random', or 'fixed', one for"
                            + " each task of the sink.");

    static final ConfigOption<String> DELIMITER =
            ConfigOptions.key("sink.partitioner-field-delimiter")
                    .stringType()
                    .defaultValue("|")
                    .withDescription("What is between the columns of PARTITIONED BY in a partition key.");

    static final ConfigOption<Integer> MAX_BATCH_SIZE =
            ConfigOptions.key("sink.batch.max-size")
                    .intType()
                    .defaultValue(500)
                    .withDescription("Most records of a request.");

    static final ConfigOption<Integer> MAX_IN_FLIGHT =
            ConfigOptions.key("sink.requests.max-inflight")
                    .intType()
                    .defaultValue(1)
                    .withDescription("Most requests under way at a time. With more than one, records of one key may"
                            + " change their order.");

    static final ConfigOption<Integer> MAX_BUFFERED =
            ConfigOptions.key("sink.requests.max-buffered")
                    .intType()
                    .defaultValue(10_000)
                    .withDescription("Most records that wait; a task with so many stops its input.");

    static final ConfigOption<Long> FLUSH_SIZE =
            ConfigOptions.key("sink.flush-buffer.size")
                    .longType()
                    .defaultValue(5L * MEBIBYTE)
                    .withDescription("Most bytes of a request, and so many that it need not wait for more.");

    static final ConfigOption<Long> FLUSH_TIMEOUT =
            ConfigOptions.key("sink.flush-buffer.timeout")
                    .longType()
                    .defaultValue(5_000L)
                    .withDescription("Longest time that a record waits for others, in milliseconds.");

    static final ConfigOption<Integer> RECORD_MAX_SIZE =
            ConfigOptions.key("sink.record.max-size")
                    .intType()
                    .defaultValue(MEBIBYTE)
                    .withDescription("Most bytes of a record and its key; a stream takes more than 1 MiB where it has"
                            + " been set so.");

    static final ConfigOption<Boolean> FAIL_ON_ERROR =
            ConfigOptions.key("sink.fail-on-error")
                    .booleanType()
                    .defaultValue(false)
                    .withDescription("Whether the job fails where a record is put again otherwise.");

    static final ConfigOption<Integer> MAX_CONNECTIONS =
            ConfigOptions.key("sink.http-client.max-concurrency")
                    .intType()
                    .defaultValue(10_000)
                    .withDescription("Most connections of a task.");

    static final ConfigOption<Integer> READ_TIMEOUT =
            ConfigOptions.key("sink.http-client.read-timeout")
                    .intType()
                    .defaultValue(360_000)
                    .withDescription("Longest silence while a request is answered, in milliseconds.");

    static final ConfigOption<String> PROTOCOL =
            ConfigOptions.key("sink.http-client.protocol.version")
                    .stringType()
                    .defaultValue("HTTP1_1")
                    .withDescription("Version of HTTP: HTTP1_1, the only one of this connector.");

    static final Set<ConfigOption<?>> OPTIONAL =
            Set.of(
                    PARTITIONER,
                    DELIMITER,
                    MAX_BATCH_SIZE,
                    MAX_IN_FLIGHT,
                    MAX_BUFFERED,
                    FLUSH_SIZE,
                    FLUSH_TIMEOUT,
                    RECORD_MAX_SIZE,
                    FAIL_ON_ERROR,
                    MAX_CONNECTIONS,
                    READ_TIMEOUT,
                    PROTOCOL,
                    FactoryUtil.SINK_PARALLELISM);

    private final Partitioner partitioner;
    private final String delimiter;
    private final int maxBatchSize;
    private final int maxInFlight;
    private final int maxBuffered;
    private final long maxBatchBytes;
    private final long maxBufferedMillis;
    private final int maxRecordBytes;
    private final boolean failsOnError;
    private final int maxConnections;
    private final int readTimeoutMillis;
    @Nullable private final Integer parallelism;

    private SinkOptions(ReadableConfig config) {
        partitioner = oneOf(config, PARTITIONER, List.of(Partitioner.values()), "'random', or leave it out");
        delimiter = config.get(DELIMITER);
        maxBatchSize = integer(config, MAX_BATCH_SIZE, 1, 500, "'500'");
        maxInFlight = integer(config, MAX_IN_FLIGHT, 1, 1000, "'1'");
        maxBuffered = integer(config, MAX_BUFFERED, 2, 10_000_000, "'10000'");
        if (maxBuffered <= maxBatchSize) {
            throw invalid(config, MAX_BUFFERED, "be above 'sink.batch.max-size'", "'10000'");
        }
        maxRecordBytes = integer(config, RECORD_MAX_SIZE, 1, 10 * MEBIBYTE, "'1048576'");
        maxBatchBytes = longBetween(config, FLUSH_SIZE, maxRecordBytes, 10L * MEBIBYTE, "'5242880'");
        maxBufferedMillis = longBetween(config, FLUSH_TIMEOUT, 1, Duration.ofHours(1).toMillis(), "'5000'");
        failsOnError = bool(config, FAIL_ON_ERROR, "'false'");
        maxConnections = integer(config, MAX_CONNECTIONS, 1, 10_000, "'10000'");
        readTimeoutMillis = integer(config, READ_TIMEOUT, 1, 3_600_000, "'360000'");
        matching(config, PROTOCOL, "HTTP1_1", "be HTTP1_1", "'HTTP1_1', or leave it out");
        parallelism = sinkParallelism(config);
    }

    /** Reads and checks the options of a table. */
    static SinkOptions from(ReadableConfig config) {
        return new SinkOptions(config);
    }

    private static long longBetween(
            ReadableConfig config, ConfigOption<Long> option, long least, long most, String example) {
        String rule = "be an integer from " + least + " to " + most;
        long value = read(config, option, rule, example);
        if (value < least || value > most) {
            throw invalid(config, option, rule, example);
        }
        return value;
    }

    Partitioner partitioner() {
        return partitioner;
    }

    String delimiter() {
        return delimiter;
    }

    int maxBatchSize() {
        return maxBatchSize;
    }

    int maxInFlight() {
        return maxInFlight;
    }

    int maxBuffered() {
        return maxBuffered;
    }

    long maxBatchBytes() {
        return maxBatchBytes;
    }

    long maxBufferedMillis() {
        return maxBufferedMillis;
    }

    int maxRecordBytes() {
        return maxRecordBytes;
    }

    boolean failsOnError() {
        return failsOnError;
    }

    int maxConnections() {
        return maxConnections;
    }

    Duration readTimeout() {
        return Duration.ofMillis(readTimeoutMillis);
    }

    /** Null where the sink follows its input. */
    @Nullable
    Integer parallelism() {
        return parallelism;
    }
}
