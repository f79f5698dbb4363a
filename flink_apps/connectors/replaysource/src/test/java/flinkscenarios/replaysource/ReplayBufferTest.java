package flinkscenarios.replaysource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReplayBufferTest {

    private final ReplayBuffer buffer = new ReplayBuffer(3);

    private void add(long timeMillis, long number) {
        buffer.add(new ReplayBuffer.Entry(timeMillis, number, new byte[0]));
    }

    @Test
    void rowsLeaveInTheOrderOfTheirTimesThenOfTheirNumbers() {
        add(20, 1);
        add(10, 4);
        add(10, 2);
        add(EpochMillis.NONE, 3);
        List<Long> numbers = new ArrayList<>();
        while (!buffer.isEmpty()) {
            numbers.add(buffer.remove().number);
        }
        assertEquals(List.of(3L, 2L, 4L, 1L), numbers);
    }

    @Test
    void theBufferIsFullAtItsCapacity() {
        add(1, 1);
        add(2, 2);
        assertFalse(buffer.isFull());
        add(3, 3);
        assertTrue(buffer.isFull());
        buffer.remove();
        assertFalse(buffer.isFull());
    }
}
