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

    /** Name of the column with the reason why a message is refused. */
    static final ConfigOption<String> ERROR_COLUMN =
            ConfigOptions.key("error-column")
                    .stringType()
                    .defaultValue("error")
                    .withDescription("Name of the column, of type STRING, with the reason why a message is refused.");

    /** Name of the column with the code of that reason; a table may do without. */
    static final ConfigOption<String> ERROR_CODE_COLUMN =
            ConfigOptions.key("error-code-column")
                    .stringType()
                    .defaultValue("error_code")
                    .withDescription("Name of the column, of type STRING, with the code of the reason; a table may do"
                            + " without it.");

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
    private final String errorCodeColumn;
    private final int maxBytes;
    private final List<String> optionalColumns;

    private JsonRawOptions(ReadableConfig config) {
        rawColumn = config.get(RAW_COLUMN);
        errorColumn = config.get(ERROR_COLUMN);
        errorCodeColumn = config.get(ERROR_CODE_COLUMN);
        checkDiffer(ERROR_COLUMN, errorColumn, RAW_COLUMN, rawColumn);
        checkDiffer(ERROR_CODE_COLUMN, errorCodeColumn, RAW_COLUMN, rawColumn);
        checkDiffer(ERROR_CODE_COLUMN, errorCodeColumn, ERROR_COLUMN, errorColumn);
        maxBytes = maxBytes(config);
        optionalColumns = List.copyOf(config.get(OPTIONAL_COLUMNS));
    }

    /**
     * Reads and checks the options of a format.
     *
     * @throws ValidationException in one line: the option, its rule, the value received, the fix
     */
    static JsonRawOptions from(ReadableConfig config) {
        return new JsonRawOptions(config);
    }

    private static void checkDiffer(
            ConfigOption<String> option, String name, ConfigOption<String> other, String otherName) {
        if (name.equals(otherName)) {
            throw new ValidationException(
                    String.format(
                            "'%s' must differ from '%s' (got %s for both); name two columns",
                            option.key(), other.key(), name));
        }
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
                        "'%s' must be an integer from 1 to %d (got %s); leave it out for no limit",
                        MAX_BYTES.key(), Integer.MAX_VALUE, got));
    }

    String rawColumn() {
        return rawColumn;
    }

    String errorColumn() {
        return errorColumn;
    }

    String errorCodeColumn() {
        return errorCodeColumn;
    }

    int maxBytes() {
        return maxBytes;
    }

    List<String> optionalColumns() {
        return optionalColumns;
    }
}
