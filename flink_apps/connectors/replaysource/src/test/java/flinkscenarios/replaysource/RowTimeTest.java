package flinkscenarios.replaysource;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.ZoneId;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.junit.jupiter.api.Test;

class RowTimeTest {

    private static long time(String text) {
        return new RowTime(1, ZoneId.of("America/New_York"))
                .of(GenericRowData.of(null, StringData.fromString(text)));
    }

    @Test
    void theTimeIsThatOfTheColumnInItsZone() {
        assertEquals(1_546_671_042_123L, time(" 2019-01-05 01:50:42.123 "));
        assertEquals(1_546_671_042_123L, time("1546671042123"));
    }

    @Test
    void nullAndAnEmptyTextAreNoTime() {
        assertEquals(EpochMillis.NONE, time(null));
        assertEquals(EpochMillis.NONE, time(""));
    }
}
