package flinkscenarios.json;

import java.io.Serializable;
import java.util.List;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;

/** The options of the format {@code json-raw}, and their rules. */
final class JsonRawOptions implements Serializable {

    private static final long serialVersionUID = 1L;

    /** Name of the column with the bytes of the message. */
    static final ConfigOption<String> RAW_COLUMN =
            ConfigOptions.key("raw-column")
                    .stringType()
                    .defaultValue("raw")
                    .withDescription("Name of the column, of type BYTES, with the bytes of the message.");

    /** Name of the column with the reason why a message could not be read. */
    static final ConfigOption<String> ERROR_COLUMN =
            ConfigOptions.key("error-column")
                    .stringType()
                    .defaultValue("error")
                    .withDescription("Name of the column, of type STRING, with the reason why a message is refused.");

    /** What the sinks of a job take: a larger message is refused where it is read, not for ever where it is written. */
    static final ConfigOption<Integer> MAX_BYTES =
            ConfigOptions.key("max-bytes")
                    .intType()
                    .defaultValue(Integer.MAX_VALUE)
                    .withDescription("Bytes of a message, at the most; a larger one is refused.");

    /** Fields that a message may do without. */
    static final ConfigOption<List<String>> OPTIONAL_COLUMNS =
            ConfigOptions.key("optional-columns")
                    .stringType()
                    .asList()
                    .defaultValues()
                    .withDescription("Names of columns whose fields may be left out, or null, separated by ';'.");

    private final String rawColumn;
    private final String errorColumn;
    private final int maxBytes;
    private final List<String> optionalColumns;

    private JsonRawOptions(String rawColumn, String errorColumn, int maxBytes, List<String> optionalColumns) {
        this.rawColumn = rawColumn;
        this.errorColumn = errorColumn;
        this.maxBytes = maxBytes;
        this.optionalColumns = List.copyOf(optionalColumns);
    }

    /**
     * Reads and checks the options of a format.
     *
     * @throws ValidationException in one line: the option, its rule, the value received, the fix
     */
    static JsonRawOptions from(ReadableConfig config) {
        String raw = config.get(RAW_COLUMN);
        String error = config.get(ERROR_COLUMN);
        if (raw.equals(error)) {
            throw new ValidationException(
                    String.format(
                            "'%s' must differ from '%s' (got %s for both); name two columns",
                            ERROR_COLUMN.key(), RAW_COLUMN.key(), raw));
        }
        return new JsonRawOptions(raw, error, maxBytes(config), config.get(OPTIONAL_COLUMNS));
    }

    private static int maxBytes(ReadableConfig config) {
        String got = config.get(ConfigOptions.key(MAX_BYTES.key()).stringType().defaultValue("nothing"));
        try {
            int maxBytes = config.get(MAX_BYTES);
            if (maxBytes > 0) {
                return maxBytes;
            }
        } catch (IllegalArgumentException e) {
            // Not a number: refused below, like a number that is too small.
        }
        throw new ValidationException(
                String.format(
                        "'%s' must be a whole number from 1 to %d (got %s); leave it out for no limit",
                        MAX_BYTES.key(), Integer.MAX_VALUE, got));
    }

    String rawColumn() {
        return rawColumn;
    }

    String errorColumn() {
        return errorColumn;
    }

    int maxBytes() {
        return maxBytes;
    }

    List<String> optionalColumns() {
        return optionalColumns;
    }
}
