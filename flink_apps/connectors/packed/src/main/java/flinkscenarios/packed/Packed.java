package flinkscenarios.packed;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.types.Row;

/**
 * What a job in Python calls: many rows as one, so that Python is called once for all of them.
 *
 * <p>The way of a row from Java to Python and back takes longer than what a short function does with it. Packed, the
 * numbers of many rows are the bytes of one field, eight for each, the highest first, and their texts those of another.
 */
public final class Packed {

    private Packed() {}

    /**
     * Rows of a key and a value, as rows of a key and many values, which stay in their order.
     *
     * <p>A value has {@code numbers} fields of whole numbers, and then some of bytes. What comes of many are their
     * numbers, each value's followed by where its bytes end in the texts, one such end for each of its fields of bytes;
     * and the texts. NULL is 0, or no bytes.
     */
    public static DataStream<Row> pack(DataStream<Row> rows, int numbers, TypeInformation<Row> type) {
        return rows.transform("packed", type, new PackOperator(numbers));
    }

    /** Rows of packed numbers and a text, as a row for each: its numbers, and the text. */
    public static DataStream<Row> unpack(DataStream<Row> rows, TypeInformation<Row> type) {
        return rows.flatMap(new Unpack(type.getArity() - 1)).returns(type);
    }
}
