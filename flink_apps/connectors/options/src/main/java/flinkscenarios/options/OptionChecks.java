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
 * Reads and checks a table's options. A value that breaks a rule is refused with a {@link ValidationException} of one
 * line: the option, its rule, the value received, the fix. Flink's own messages name neither the value nor the rule.
 *
 * <p>An {@code example} is a value to write instead, in the quotes of SQL: {@code "'10 s'"}. A {@code rule} follows the
 * word "must": {@code "be a duration"}.
 */
public final class OptionChecks {

    private static final int HIGHEST_PORT = 65535;

    private OptionChecks() {}

    /** Returns the value, or the default, or null without either; refuses a text that does not convert to the type. */
    public static <T> T read(ReadableConfig config, ConfigOption<T> option, String rule, String example) {
        try {
            return config.get(option);
        } catch (RuntimeException e) {
            throw invalid(config, option, rule, example);
        }
    }

    /** Returns the value; refuses an option that is absent or blank. */
    public static String required(ReadableConfig config, ConfigOption<String> option, String example) {
        String value = config.get(option);
        if (value == null || value.isBlank()) {
            throw invalid(config, option, "be set", example);
        }
        return value;
    }

    /** Returns the value of an option with a default; refuses one that the regular expression does not match. */
    public static String matching(
            ReadableConfig config, ConfigOption<String> option, String pattern, String rule, String example) {
        String value = config.get(option);
        if (!value.matches(pattern)) {
            throw invalid(config, option, rule, example);
        }
        return value;
    }

    /** Returns a boolean. */
    public static boolean bool(ReadableConfig config, ConfigOption<Boolean> option, String example) {
        return read(config, option, "be true or false", example);
    }

    /** Returns an integer; refuses an option that is absent, and a value below {@code min} or above {@code max}. */
    public static int integer(
            ReadableConfig config, ConfigOption<Integer> option, int min, int max, String example) {
        String rule = "be an integer from " + min + " to " + max;
        Integer value = read(config, option, rule, example);
        if (value == null || value < min || value > max) {
            throw invalid(config, option, rule, example);
        }
        return value;
    }

    /** Returns the value whose {@code toString()} is the option's text; refuses any other text. */
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

    /** Returns an address of HTTP or HTTPS; refuses one without a host, and one with an invalid port. */
    public static URI address(ReadableConfig config, ConfigOption<String> option, String example) {
        URI uri;
        try {
            uri = new URI(required(config, option, example));
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

    /** Returns Flink's {@code sink.parallelism}; null where the sink has the parallelism of its input. */
    @Nullable
    public static Integer sinkParallelism(ReadableConfig config) {
        return text(config, FactoryUtil.SINK_PARALLELISM) == null
                ? null
                : Integer.valueOf(integer(config, FactoryUtil.SINK_PARALLELISM, 1, Short.MAX_VALUE, "'4'"));
    }

    /**
     * Returns the position of the column that the option, or its default, names.
     *
     * @param fits whether the column may have a type
     * @param types the allowed types, in words
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

    /** Returns the exception that refuses an option's value, for a rule that only one connector has. */
    public static ValidationException invalid(
            ReadableConfig config, ConfigOption<?> option, String rule, String example) {
        String got = text(config, option);
        return refused(option, rule, got == null ? "nothing" : got, example);
    }

    private static ValidationException refused(ConfigOption<?> option, String rule, String got, String example) {
        return new ValidationException(
                String.format("'%s' must %s (got %s); write for example %s", option.key(), rule, got, example));
    }

    /** Returns the text of an option of any type; null where it is absent. */
    @Nullable
    private static String text(ReadableConfig config, ConfigOption<?> option) {
        return config.get(ConfigOptions.key(option.key()).stringType().noDefaultValue());
    }
}
