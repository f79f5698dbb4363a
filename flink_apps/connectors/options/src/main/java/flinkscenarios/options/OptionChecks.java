package flinkscenarios.options;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import javax.annotation.Nullable;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;

/**
 * Reads a table's options, and refuses what breaks a rule in one line: the option, its rule, the value received, the
 * fix. Flink's own messages name neither the value nor the rule.
 *
 * <p>An {@code example} is a value to write instead, in the quotes of SQL: {@code "'10 s'"}. A {@code rule} follows the
 * word "must": {@code "be a duration"}. Whatever is refused is so by a {@link ValidationException}.
 */
public final class OptionChecks {

    private static final int HIGHEST_PORT = 65535;

    private OptionChecks() {}

    /** The value, or the default; null where there is neither. Refuses what its type cannot be made of. */
    public static <T> T read(ReadableConfig config, ConfigOption<T> option, String rule, String example) {
        try {
            return config.get(option);
        } catch (RuntimeException e) {
            throw invalid(config, option, rule, example);
        }
    }

    /** The value; refuses none, and a blank one. */
    public static String needed(ReadableConfig config, ConfigOption<String> option, String example) {
        String value = config.get(option);
        if (value == null || value.isBlank()) {
            throw invalid(config, option, "be set", example);
        }
        return value;
    }

    /** The value of an option with a default; refuses one that the regular expression does not match as a whole. */
    public static String matching(
            ReadableConfig config, ConfigOption<String> option, String pattern, String rule, String example) {
        String value = config.get(option);
        if (!value.matches(pattern)) {
            throw invalid(config, option, rule, example);
        }
        return value;
    }

    /** True or false. */
    public static boolean truth(ReadableConfig config, ConfigOption<Boolean> option, String example) {
        return read(config, option, "be true or false", example);
    }

    /** A whole number; refuses none, and one that is below {@code least} or above {@code most}. */
    public static int between(
            ReadableConfig config, ConfigOption<Integer> option, int least, int most, String example) {
        String rule = "be a whole number from " + least + " to " + most;
        Integer value = read(config, option, rule, example);
        if (value == null || value < least || value > most) {
            throw invalid(config, option, rule, example);
        }
        return value;
    }

    /** The one of the values whose {@code toString()} was written, in the same case. */
    public static <E extends Enum<E>> E oneOf(
            ReadableConfig config, ConfigOption<String> option, List<E> values, String example) {
        String name = config.get(option);
        return values.stream()
                .filter(value -> value.toString().equals(name))
                .findFirst()
                .orElseThrow(() -> {
                    String names = values.stream().map(E::toString).collect(Collectors.joining(", "));
                    return invalid(config, option, values.size() == 1 ? "be " + names : "be one of " + names, example);
                });
    }

    /** An address of HTTP or HTTPS with a host; its port, where it has one, is a port. */
    public static URI address(ReadableConfig config, ConfigOption<String> option, String example) {
        URI uri;
        try {
            uri = new URI(needed(config, option, example));
        } catch (URISyntaxException e) {
            throw invalid(config, option, "be an address", example);
        }
        String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
        if (!scheme.equals("https") && !scheme.equals("http")) {
            throw invalid(config, option, "start with https:// or http://", example);
        }
        if (uri.getHost() == null || uri.getPort() == 0 || uri.getPort() > HIGHEST_PORT) {
            throw invalid(config, option, "have a host, and a port from 1 to " + HIGHEST_PORT + " or none", example);
        }
        return uri;
    }

    /** Flink's {@code sink.parallelism}; null where the sink follows its input. */
    @Nullable
    public static Integer sinkParallelism(ReadableConfig config) {
        return text(config, FactoryUtil.SINK_PARALLELISM) == null
                ? null
                : Integer.valueOf(between(config, FactoryUtil.SINK_PARALLELISM, 1, Short.MAX_VALUE, "'4'"));
    }

    /**
     * The position of the column that the option, or its default, names.
     *
     * @param fits whether a column may have a type
     * @param types the types that fit, in words
     */
    public static int column(
            ReadableConfig config,
            ConfigOption<String> option,
            RowType row,
            Predicate<LogicalType> fits,
            String types) {
        String name = config.get(option);
        int column = row.getFieldIndex(name);
        if (column < 0) {
            throw refused(option, "name a column of the table", name, "one of " + row.getFieldNames());
        }
        LogicalType type = row.getTypeAt(column);
        if (!fits.test(type)) {
            String example = "CAST (" + name + " AS …), which is " + type.asSummaryString();
            throw refused(option, "name a column of type " + types, name, example);
        }
        return column;
    }

    /** The refusal of what was written for an option, for a rule that only its connector has. */
    public static ValidationException invalid(
            ReadableConfig config, ConfigOption<?> option, String rule, String example) {
        String got = text(config, option);
        return refused(option, rule, got == null ? "nothing" : got, example);
    }

    private static ValidationException refused(ConfigOption<?> option, String rule, String got, String example) {
        return new ValidationException(
                String.format("'%s' must %s (got %s); write for example %s", option.key(), rule, got, example));
    }

    /** What was written, whatever the option's type; null for nothing. */
    @Nullable
    private static String text(ReadableConfig config, ConfigOption<?> option) {
        return config.get(ConfigOptions.key(option.key()).stringType().noDefaultValue());
    }
}
