package flinkscenarios.packed;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.functions.util.ListCollector;
import org.apache.flink.types.Row;
import org.junit.jupiter.api.Test;

class UnpackTest {

    @Test
    void eachRowHasItsNumbersAndTheTextOfAll() {
        byte[] numbers = ByteBuffer.allocate(4 * Long.BYTES).putLong(1).putLong(-2).putLong(3).putLong(4).array();
        List<Row> rows = new ArrayList<>();
        new Unpack(2).flatMap(Row.of(numbers, "text"), new ListCollector<>(rows));
        assertEquals(List.of(Row.of(1L, -2L, "text"), Row.of(3L, 4L, "text")), rows);
    }
}
