package flinkscenarios.json;

import org.apache.flink.table.data.StringData;

/** The kinds of what can be wrong with a message; their names are the values of the column {@code error_code}. */
enum ErrorCode {
    /** There is no value, as in a tombstone of Kafka. */
    NO_MESSAGE,
    EMPTY_MESSAGE,
    /** It has more than {@code max-bytes}. */
    TOO_LARGE,
    NOT_JSON,
    /** It is JSON, but no object. */
    NOT_AN_OBJECT,
    /** It is an object, and nothing is wrong with it but that a required field is missing. */
    MISSING_FIELD,
    DUPLICATE_FIELD,
    WRONG_TYPE,
    OUT_OF_RANGE;

    /** The value of the column. */
    StringData toStringData() {
        return StringData.fromString(name());
    }
}
