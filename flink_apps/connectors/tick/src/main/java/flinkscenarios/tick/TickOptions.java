package flinkscenarios.tick;

import static flinkscenarios.options.OptionChecks.invalid;
import static flinkscenarios.options.OptionChecks.read;
import static flinkscenarios.options.OptionChecks.bool;

import java.io.Serializable;
import java.time.Duration;
import javax.annotation.Nullable;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;

/** The options of a {@code tick} table, and their rules. */
final class TickOptions implements Serializable {

    private static final long serialVersionUID = 1L;

    /** The sum of a few longer durations, in nanoseconds, might not fit into a long. */
    private static final Duration LONGEST = Duration.ofDays(365);

    /** Length of a slice, and the time from tick to tick. */
    static final ConfigOption<Duration> INTERVAL =
            ConfigOptions.key("interval")
                    .durationType()
                    .noDefaultValue()
                    .withDescription("Length of a slice, and the time from tick to tick; whole milliseconds.");

    /** The delay on which the source catches up. */
    static final ConfigOption<Duration> CATCH_UP =
            ConfigOptions.key("catch-up")
                    .durationType()
                    .defaultValue(Duration.ofSeconds(10))
                    .withDescription("Delay on which the source catches up, as fast as possible; it skips the rest.");

    /** Whether downtime is a delay, too. */
    static final ConfigOption<Boolean> CATCH_UP_DOWNTIME =
            ConfigOptions.key("catch-up-downtime")
                    .booleanType()
                    .defaultValue(false)
                    .withDescription("Whether the time between a checkpoint and the restart from it is a delay too.");

    /** Number of ticks before the source ends; without it the source never ends. */
    static final ConfigOption<Long> TICKS =
            ConfigOptions.key("ticks")
                    .longType()
                    .noDefaultValue()
                    .withDescription("Number of ticks before the source ends; without it the source never ends.");

    private static final String TICKS_EXAMPLE = "'1000', or leave it out for a source that never ends";

    private final Duration interval;
    private final Duration catchUp;
    private final boolean catchUpDowntime;
    @Nullable private final Long ticks;

    private TickOptions(Duration interval, Duration catchUp, boolean catchUpDowntime, @Nullable Long ticks) {
        this.interval = interval;
        this.catchUp = catchUp;
        this.catchUpDowntime = catchUpDowntime;
        this.ticks = ticks;
    }

    /**
     * Reads and checks the options of a table.
     *
     * @throws ValidationException in one line: the option, its rule, the value received, the fix
     */
    static TickOptions from(ReadableConfig config) {
        Duration interval = read(config, INTERVAL, "be a duration", "'20 ms'");
        if (interval == null) {
            throw invalid(config, INTERVAL, "be set", "'20 ms'");
        }
        if (interval.toNanosPart() % 1_000_000 != 0 || interval.toMillis() < 1 || interval.compareTo(LONGEST) > 0) {
            throw invalid(config, INTERVAL, "be whole milliseconds, from 1 ms to 365 d", "'20 ms'");
        }
        Duration catchUp = read(config, CATCH_UP, "be a duration", "'10 s'");
        if (catchUp.compareTo(LONGEST) > 0) {
            throw invalid(config, CATCH_UP, "be from 0 s to 365 d", "'10 s'");
        }
        boolean catchUpDowntime = bool(config, CATCH_UP_DOWNTIME, "'false'");
        Long ticks = read(config, TICKS, "be an integer", TICKS_EXAMPLE);
        long most = (Long.MAX_VALUE - 1) / interval.toMillis();
        if (ticks != null && (ticks < 1 || ticks > most)) {
            throw invalid(config, TICKS, "be from 1 to " + most, TICKS_EXAMPLE);
        }
        return new TickOptions(interval, catchUp, catchUpDowntime, ticks);
    }

    Duration interval() {
        return interval;
    }

    Duration catchUp() {
        return catchUp;
    }

    boolean catchUpDowntime() {
        return catchUpDowntime;
    }

    boolean bounded() {
        return ticks != null;
    }

    /** End of the time line in milliseconds: the first instant that no slice holds. */
    long endMillis() {
        return ticks == null ? Long.MAX_VALUE : ticks * interval.toMillis();
    }
}
