package flinkscenarios.kinesis;

import static flinkscenarios.options.OptionChecks.integer;
import static flinkscenarios.options.OptionChecks.invalid;
import static flinkscenarios.options.OptionChecks.oneOf;
import static flinkscenarios.options.OptionChecks.read;

import java.io.Serializable;
import java.text.ParsePosition;
import java.text.SimpleDateFormat;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TimeZone;
import javax.annotation.Nullable;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;

/** The options of a table that is read, and their rules. */
final class SourceOptions implements Serializable {

    private static final long serialVersionUID = 1L;

    private static final Duration LONGEST = Duration.ofHours(1);
    private static final String TIMESTAMP_EXAMPLE = "'2024-02-29T12:00:00.000Z'";

    /** Where reading begins, when there is no state to go on from. */
    enum InitialPosition {
        LATEST,
        TRIM_HORIZON,
        AT_TIMESTAMP
    }

    /** How records are got. */
    enum ReaderType {
        POLLING
    }

    static final ConfigOption<String> POSITION =
            ConfigOptions.key("source.init.position")
                    .stringType()
                    .defaultValue(InitialPosition.LATEST.toString())
                    .withDescription("Where reading begins without a checkpoint: LATEST, TRIM_HORIZON, AT_TIMESTAMP.");

    static final ConfigOption<String> TIMESTAMP =
            ConfigOptions.key("source.init.timestamp")
                    .stringType()
                    .noDefaultValue()
                    .withDescription("When the first record arrived that is to be read, for AT_TIMESTAMP; or seconds"
                            + " since 1970.");

    static final ConfigOption<String> TIMESTAMP_FORMAT =
            ConfigOptions.key("source.init.timestamp.format")
                    .stringType()
                    .defaultValue("yyyy-MM-dd'T'HH:mm:ss.SSSXXX")
                    .withDescription("The format of 'source.init.timestamp', as Java's SimpleDateFormat writes it.");

    static final ConfigOption<Duration> DISCOVERY_INTERVAL =
            ConfigOptions.key("source.shard.discovery.interval")
                    .durationType()
                    .defaultValue(Duration.ofSeconds(10))
                    .withDescription("How often new shards are looked for; those that a shard was split or merged into"
                            + " are besides when its end is read.");

    static final ConfigOption<Integer> MAX_RECORDS =
            ConfigOptions.key("source.shard.get-records.max-record-count")
                    .intType()
                    .defaultValue(10_000)
                    .withDescription("Most records of one call.");

    static final ConfigOption<Duration> EMPTY_INTERVAL =
            ConfigOptions.key("source.reader.empty-records-fetch-interval")
                    .durationType()
                    .defaultValue(Duration.ofMillis(250))
                    .withDescription("How long a shard without new records is left alone.");

    static final ConfigOption<String> READER_TYPE =
            ConfigOptions.key("source.reader.type")
                    .stringType()
                    .defaultValue(ReaderType.POLLING.toString())
                    .withDescription("How records are got: POLLING, the only way of this connector.");

    static final Set<ConfigOption<?>> OPTIONAL =
            Set.of(POSITION, TIMESTAMP, TIMESTAMP_FORMAT, DISCOVERY_INTERVAL, MAX_RECORDS, EMPTY_INTERVAL, READER_TYPE);

    private final InitialPosition position;
    @Nullable private final Instant timestamp;
    private final Duration discoveryInterval;
    private final int maxRecords;
    private final Duration emptyInterval;

    private SourceOptions(
            InitialPosition position,
            @Nullable Instant timestamp,
            Duration discoveryInterval,
            int maxRecords,
            Duration emptyInterval) {
        this.position = position;
        this.timestamp = timestamp;
        this.discoveryInterval = discoveryInterval;
        this.maxRecords = maxRecords;
        this.emptyInterval = emptyInterval;
    }

    static SourceOptions from(ReadableConfig config) {
        InitialPosition position = oneOf(config, POSITION, List.of(InitialPosition.values()), "'TRIM_HORIZON'");
        oneOf(config, READER_TYPE, List.of(ReaderType.values()), "'POLLING', or leave it out");
        return new SourceOptions(
                position,
                position == InitialPosition.AT_TIMESTAMP ? timestamp(config) : null,
                interval(config, DISCOVERY_INTERVAL, "'10 s'"),
                integer(config, MAX_RECORDS, 1, 10_000, "'10000'"),
                interval(config, EMPTY_INTERVAL, "'250 ms'"));
    }

    private static Duration interval(ReadableConfig config, ConfigOption<Duration> option, String example) {
        String rule = "be a duration from 1 ms to 1 h";
        Duration interval = read(config, option, rule, example);
        if (interval.toMillis() < 1 || interval.compareTo(LONGEST) > 0) {
            throw invalid(config, option, rule, example);
        }
        return interval;
    }

    private static Instant timestamp(ReadableConfig config) {
        String text = config.get(TIMESTAMP);
        if (text == null || text.isBlank()) {
            throw invalid(config, TIMESTAMP, "be set for AT_TIMESTAMP", TIMESTAMP_EXAMPLE);
        }
        Date parsed = format(config).parse(text, new ParsePosition(0));
        if (parsed != null) {
            return parsed.toInstant();
        }
        try {
            double seconds = Double.parseDouble(text);
            if (seconds >= 0 && seconds < 1e11) {
                return Instant.ofEpochMilli((long) (seconds * 1000));
            }
        } catch (NumberFormatException e) {
            // No number either.
        }
        String rule = "be a time in the format " + config.get(TIMESTAMP_FORMAT) + ", or seconds since 1970";
        throw invalid(config, TIMESTAMP, rule, TIMESTAMP_EXAMPLE);
    }

    private static SimpleDateFormat format(ReadableConfig config) {
        try {
            SimpleDateFormat format = new SimpleDateFormat(config.get(TIMESTAMP_FORMAT), Locale.ROOT);
            // A time without a zone means the same wherever the client runs.
            format.setTimeZone(TimeZone.getTimeZone("UTC"));
            format.setLenient(false);
            return format;
        } catch (IllegalArgumentException e) {
            String rule = "be a format of Java's SimpleDateFormat";
            throw invalid(config, TIMESTAMP_FORMAT, rule, "'yyyy-MM-dd HH:mm:ss', or leave it out");
        }
    }

    /** Where the first start of a job begins. */
    Position initialPosition(Instant now) {
        switch (position) {
            case TRIM_HORIZON:
                return Position.OLDEST;
            case AT_TIMESTAMP:
                return Position.since(timestamp);
            default:
                // "The latest" would be another place after each restart, until a first record has come.
                return Position.since(now);
        }
    }

    Duration discoveryInterval() {
        return discoveryInterval;
    }

    int maxRecords() {
        return maxRecords;
    }

    Duration emptyInterval() {
        return emptyInterval;
    }
}
