package flinkscenarios.packed;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.types.Row;

/**
 * Entry points for jobs in Python: many rows packed into one, so that a single call of Python processes all of them.
 *
 * <p>Moving a row from Java to Python and back takes longer than a short function does. Packed, the numbers of many
 * rows are the bytes of one field, eight bytes each, big-endian; their texts are the bytes of another field.
 */
public final class Packed {

    private Packed() {}

    /**
     * Packs rows of a key and a value into rows of a key and many values, in their order.
     *
     * <p>A value has {@code numbers} BIGINT fields, followed by BYTES fields. The first packed field has, for each
     * value, its numbers, and then for each of its BYTES fields the position at which that ends in the second packed
     * field. The second packed field has the bytes of all values. NULL becomes 0, or no bytes.
     */
    public static DataStream<Row> pack(DataStream<Row> rows, int numbers, TypeInformation<Row> type) {
        return rows.transform("packed", type, new PackOperator(numbers));
    }

    /** Unpacks rows of packed numbers and a text: each becomes several rows, of some numbers and that text. */
    public static DataStream<Row> unpack(DataStream<Row> rows, TypeInformation<Row> type) {
        return rows.flatMap(new Unpack(type.getArity() - 1)).returns(type);
    }
}
