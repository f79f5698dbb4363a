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

    /** Where a column goes that the query does not read: it is checked like any other, and then let go. */
    static final int NOWHERE = -1;

    /** The types of columns that a JSON value has just one meaning for. */
    enum Kind {
        BIGINT(new BigIntType(), "a whole number", "a BIGINT"),
        INT(new IntType(), "a whole number", "an INT"),
        SMALLINT(new SmallIntType(), "a whole number", "a SMALLINT"),
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
     * @param target position in the row that is produced, or {@link #NOWHERE}
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
        return new BadRecordException("missing field: " + name);
    }

    BadRecordException duplicate() {
        return new BadRecordException("duplicate field: " + name);
    }

    BadRecordException wrongType() {
        return new BadRecordException("wrong type: " + name + " must be " + kind.jsonType);
    }

    BadRecordException outOfRange() {
        return new BadRecordException("out of range: " + name + " must be " + kind.range);
    }
}
