package flinkscenarios.replaysource;

import static flinkscenarios.options.OptionChecks.invalid;
import static flinkscenarios.options.OptionChecks.required;
import static flinkscenarios.options.OptionChecks.oneOf;
import static flinkscenarios.options.OptionChecks.read;

import java.io.Serializable;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.factories.FactoryUtil;

/** The options of a {@code replay} table, and their rules. */
final class ReplayOptions implements Serializable {

    private static final long serialVersionUID = 1L;

    /** Formats of the files. */
    enum FileFormat {
        JSON,
        CSV,
        PARQUET;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What the source does after the last row. */
    enum AtEnd {
        STOP,
        WAIT;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final int MAX_BUFFER = 1_000_000;
    private static final Duration MAX_INTERVAL = Duration.ofDays(1);

    /** A file, or a folder whose files are read, including its subfolders, in the order of their names. */
    static final ConfigOption<String> PATH =
            ConfigOptions.key("path")
                    .stringType()
                    .noDefaultValue()
                    .withDescription("A file, or a folder whose files are read in the order of their names.");

    static final ConfigOption<String> TIME_ATTRIBUTE =
            ConfigOptions.key("time-attribute")
                    .stringType()
                    .noDefaultValue()
                    .withDescription("The column with the time of a row.");

    static final ConfigOption<String> TIME_ZONE =
            ConfigOptions.key("time-zone")
                    .stringType()
                    .defaultValue("UTC")
                    .withDescription("The zone of times that do not say their own.");

    static final ConfigOption<Map<String, String>> OTHER_NAMES =
            ConfigOptions.key("other-names")
                    .mapType()
                    .defaultValue(Map.of())
                    .withDescription(
                            "Other names that CSV and Parquet files have for columns, as name:column,name:column.");

    static final ConfigOption<List<String>> NEEDED_COLUMNS =
            ConfigOptions.key("needed-columns")
                    .stringType()
                    .asList()
                    .defaultValues()
                    .withDescription(
                            "Columns that a CSV or Parquet file must have, beside the time attribute; one of several"
                                    + " that have | between them.");

    static final ConfigOption<Double> SPEEDUP =
            ConfigOptions.key("speedup")
                    .doubleType()
                    .defaultValue(6480.0)
                    .withDescription("Speed of the replay: 60 replays an hour in a minute; may be a fraction.");

    static final ConfigOption<String> SEEK =
            ConfigOptions.key("seek")
                    .stringType()
                    .noDefaultValue()
                    .withDescription("Where to start, ISO-8601, UTC: rows of an earlier time are skipped.");

    static final ConfigOption<Duration> GAP_LIMIT =
            ConfigOptions.key("gap-limit")
                    .durationType()
                    .defaultValue(Duration.ofHours(1))
                    .withDescription("The longest time between two rows that is waited for; 0 s for any time.");

    static final ConfigOption<Integer> BUFFER =
            ConfigOptions.key("buffer")
                    .intType()
                    .defaultValue(100_000)
                    .withDescription("Number of rows that are read ahead and sorted by their time; on the heap.");

    static final ConfigOption<Duration> STATISTICS_INTERVAL =
            ConfigOptions.key("statistics-interval")
                    .durationType()
                    .defaultValue(Duration.ofSeconds(20))
                    .withDescription("Interval at which statistics are logged.");

    static final ConfigOption<Duration> WATERMARK_INTERVAL =
            ConfigOptions.key("watermark-interval")
                    .durationType()
                    .defaultValue(Duration.ZERO)
                    .withDescription("Interval of the watermarks among the rows, in real time; 0 s for none.");

    static final ConfigOption<List<String>> WATERMARK_KEYS =
            ConfigOptions.key("watermark-keys")
                    .stringType()
                    .asList()
                    .defaultValues("watermark")
                    .withDescription("Each watermark is one row for each of these keys, in the column watermark-key.");

    static final ConfigOption<String> AT_END =
            ConfigOptions.key("at-end")
                    .stringType()
                    .defaultValue("stop")
                    .withDescription("After the last row: stop ends the source, wait leaves the job running.");

    private final String path;
    private final FileFormat format;
    private final String timeAttribute;
    private final ZoneId timeZone;
    private final Map<String, String> otherNames;
    private final List<String> neededColumns;
    private final double speedup;
    private final long seekMillis;
    private final Duration gapLimit;
    private final int buffer;
    private final Duration statisticsInterval;
    private final Duration watermarkInterval;
    private final List<String> watermarkKeys;
    private final AtEnd atEnd;

    private ReplayOptions(ReadableConfig config) {
        path = required(config, PATH, "'s3://bucket/prefix'");
        format = oneOf(config, FactoryUtil.FORMAT, List.of(FileFormat.values()), "'json'");
        timeAttribute = required(config, TIME_ATTRIBUTE, "'dropoff_datetime'");
        timeZone = zone(config);
        otherNames = new HashMap<>(read(config, OTHER_NAMES, "be pairs of names", "'VendorID:vendor_id'"));
        Set<String> needed = new LinkedHashSet<>(config.get(NEEDED_COLUMNS));
        needed.add(timeAttribute);
        neededColumns = List.copyOf(needed);
        speedup = read(config, SPEEDUP, "be a number", "'6480'");
        if (!(speedup > 0) || Double.isInfinite(speedup)) {
            throw invalid(config, SPEEDUP, "be above 0, and finite", "'6480'");
        }
        String seek = config.get(SEEK);
        seekMillis = seek == null ? EpochMillis.NONE : EpochMillis.parse(seek, ZoneOffset.UTC);
        if (seek != null && seekMillis == EpochMillis.NONE) {
            throw invalid(config, SEEK, "be a time", "'2019-01-15T00:00:00Z'");
        }
        gapLimit = read(config, GAP_LIMIT, "be a duration", "'1 h'");
        buffer = read(config, BUFFER, "be an integer", "'100000'");
        if (buffer < 1 || buffer > MAX_BUFFER) {
            throw invalid(config, BUFFER, "be from 1 to " + MAX_BUFFER, "'100000'");
        }
        statisticsInterval = read(config, STATISTICS_INTERVAL, "be a duration", "'20 s'");
        if (statisticsInterval.toMillis() < 1 || statisticsInterval.compareTo(MAX_INTERVAL) > 0) {
            throw invalid(config, STATISTICS_INTERVAL, "be from 1 ms to 1 d", "'20 s'");
        }
        watermarkInterval = read(config, WATERMARK_INTERVAL, "be a duration", "'10 s'");
        if (watermarkInterval.compareTo(MAX_INTERVAL) > 0) {
            throw invalid(config, WATERMARK_INTERVAL, "be from 0 s to 1 d", "'10 s'");
        }
        watermarkKeys = List.copyOf(config.get(WATERMARK_KEYS));
        if (watermarkKeys.isEmpty() || watermarkKeys.stream().anyMatch(String::isBlank)) {
            throw invalid(config, WATERMARK_KEYS, "be keys with ; between them, none blank", "'a;b'");
        }
        atEnd = oneOf(config, AT_END, List.of(AtEnd.values()), "'stop'");
    }

    private static ZoneId zone(ReadableConfig config) {
        try {
            return ZoneId.of(config.get(TIME_ZONE));
        } catch (DateTimeException e) {
            throw invalid(config, TIME_ZONE, "be a time zone", "'America/New_York'");
        }
    }

    /**
     * Reads and checks the options of a table.
     *
     * @throws ValidationException in one line: the option, its rule, the value received, the fix
     */
    static ReplayOptions from(ReadableConfig config) {
        return new ReplayOptions(config);
    }

    String path() {
        return path;
    }

    FileFormat format() {
        return format;
    }

    String timeAttribute() {
        return timeAttribute;
    }

    ZoneId timeZone() {
        return timeZone;
    }

    /** Columns, by the other names that files have for them. */
    Map<String, String> otherNames() {
        return otherNames;
    }

    /** With the time attribute. */
    List<String> neededColumns() {
        return neededColumns;
    }

    double speedup() {
        return speedup;
    }

    /** Epoch milliseconds; {@link EpochMillis#NONE}, which is before every other time, without {@code seek}. */
    long seekMillis() {
        return seekMillis;
    }

    /** Zero for no limit. */
    Duration gapLimit() {
        return gapLimit;
    }

    int buffer() {
        return buffer;
    }

    Duration statisticsInterval() {
        return statisticsInterval;
    }

    /** Zero for no watermarks. */
    Duration watermarkInterval() {
        return watermarkInterval;
    }

    List<String> watermarkKeys() {
        return watermarkKeys;
    }

    boolean endsWhenReplayed() {
        return atEnd == AtEnd.STOP;
    }
}
