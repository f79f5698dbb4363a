package flinkscenarios.packed;

import java.nio.ByteBuffer;
import org.apache.flink.api.common.functions.FlatMapFunction;
import org.apache.flink.types.Row;
import org.apache.flink.util.Collector;

/** Emits a row for each packed one: see {@link Packed#unpack}. */
final class Unpack implements FlatMapFunction<Row, Row> {

    private static final long serialVersionUID = 1L;

    private final int numbers;

    /** @param numbers the number of numbers of a row */
    Unpack(int numbers) {
        this.numbers = numbers;
    }

    @Override
    public void flatMap(Row packed, Collector<Row> out) {
        ByteBuffer values = ByteBuffer.wrap(packed.<byte[]>getFieldAs(0));
        while (values.hasRemaining()) {
            Row row = new Row(numbers + 1);
            for (int field = 0; field < numbers; field++) {
                row.setField(field, values.getLong());
            }
            row.setField(numbers, packed.getField(1));
            out.collect(row);
        }
    }
}
