package flinkscenarios.json;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.flink.table.types.logical.BigIntType;
import org.apache.flink.table.types.logical.BooleanType;
import org.apache.flink.table.types.logical.DoubleType;
import org.apache.flink.table.types.logical.IntType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.SmallIntType;
import org.apache.flink.table.types.logical.VarCharType;

/** A column whose value is the field of that name in a JSON object. */
final class JsonColumn implements Serializable {

    private static final long serialVersionUID = 1L;

    /** The target of a column that the query does not read: it is checked like any other, but not produced. */
    static final int NOT_PRODUCED = -1;

    /** The types of columns to which a JSON value converts in one way only. */
    enum Kind {
        BIGINT(new BigIntType(), "an integer", "a BIGINT"),
        INT(new IntType(), "an integer", "an INT"),
        SMALLINT(new SmallIntType(), "an integer", "a SMALLINT"),
        DOUBLE(new DoubleType(), "a number", "a finite DOUBLE"),
        STRING(VarCharType.STRING_TYPE, "a string", "a STRING"),
        BOOLEAN(new BooleanType(), "true or false", "a BOOLEAN");

        private final LogicalType type;
        private final String jsonType;
        private final String range;

        Kind(LogicalType type, String jsonType, String range) {
            this.type = type;
            this.jsonType = jsonType;
            this.range = range;
        }

        /** The kind of a nullable type, if there is one. */
        static Optional<Kind> of(LogicalType type) {
            return Arrays.stream(values()).filter(kind -> kind.type.equals(type)).findFirst();
        }

        /** The names of all kinds, as a message shows them. */
        static String names() {
            return Arrays.stream(values()).map(Kind::name).collect(Collectors.joining(", "));
        }
    }

    private final String name;
    private final Kind kind;
    private final boolean optional;
    private final int target;

    /**
     * @param name of the column and of the field
     * @param optional whether the field may be left out, or null
     * @param target position in the row that is produced, or {@link #NOT_PRODUCED}
     */
    JsonColumn(String name, Kind kind, boolean optional, int target) {
        this.name = name;
        this.kind = kind;
        this.optional = optional;
        this.target = target;
    }

    String name() {
        return name;
    }

    Kind kind() {
        return kind;
    }

    boolean optional() {
        return optional;
    }

    int target() {
        return target;
    }

    BadRecordException missing() {
        return new BadRecordException(ErrorCode.MISSING_FIELD, "missing field: " + name);
    }

    BadRecordException duplicate() {
        return new BadRecordException(ErrorCode.DUPLICATE_FIELD, "duplicate field: " + name);
    }

    BadRecordException wrongType() {
        return new BadRecordException(ErrorCode.WRONG_TYPE, "wrong type: " + name + " must be " + kind.jsonType);
    }

    BadRecordException outOfRange() {
        return new BadRecordException(ErrorCode.OUT_OF_RANGE, "out of range: " + name + " must be " + kind.range);
    }
}
