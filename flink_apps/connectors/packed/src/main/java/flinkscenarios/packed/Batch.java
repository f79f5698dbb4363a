package flinkscenarios.packed;

import java.io.IOException;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.types.Row;

/** The values of one key, packed: see {@link Packed#pack}. */
final class Batch {

    private static final int FIRST_BYTES = 256;

    private final DataOutputSerializer numbers = new DataOutputSerializer(FIRST_BYTES);
    private final DataOutputSerializer texts = new DataOutputSerializer(FIRST_BYTES);

    /**
     * Adds a value whose first fields are numbers, and returns its size in bytes.
     *
     * @throws IOException never: it writes to memory
     */
    int add(Row value, int numberOfNumbers) throws IOException {
        int before = length();
        for (int field = 0; field < numberOfNumbers; field++) {
            Long number = value.getFieldAs(field);
            numbers.writeLong(number == null ? 0 : number);
        }
        for (int field = numberOfNumbers; field < value.getArity(); field++) {
            byte[] text = value.getFieldAs(field);
            if (text != null) {
                texts.write(text);
            }
            numbers.writeLong(texts.length());
        }
        return length() - before;
    }

    Row packed() {
        return Row.of(numbers.getCopyOfBuffer(), texts.getCopyOfBuffer());
    }

    private int length() {
        return numbers.length() + texts.length();
    }
}
