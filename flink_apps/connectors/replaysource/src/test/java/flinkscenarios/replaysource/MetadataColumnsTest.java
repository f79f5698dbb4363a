package flinkscenarios.replaysource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.TimestampData;
import org.junit.jupiter.api.Test;

class MetadataColumnsTest {

    private static MetadataColumns columns(String... names) {
        return new MetadataColumns(List.of(names), 2, true);
    }

    @Test
    void aRowHasItsNumberAndNothingOfAWatermark() {
        RowData row = columns("line", "number", "watermark", "watermark-key").withNumber(TestRows.row("1000"), 7);
        assertEquals(4, row.getArity());
        assertEquals("1000", row.getString(0).toString());
        assertEquals(7, row.getLong(1));
        assertTrue(row.isNullAt(2) && row.isNullAt(3));
    }

    @Test
    void aRowOfWhichNothingIsWantedIsLeftAsItIs() {
        RowData row = TestRows.row("1000");
        assertSame(row, columns("line").withNumber(row, 7));
    }

    @Test
    void aWatermarkHasATimeAndAKeyAndNothingOfAFile() {
        RowData row = columns("line", "number", "watermark", "watermark-key").watermark(1_500, "a");
        assertEquals(5, row.getArity());
        assertTrue(row.isNullAt(0));
        assertEquals(0, row.getBinary(1).length, "the line is not nullable");
        assertEquals(0, row.getLong(2), "nor is the number");
        assertEquals(TimestampData.fromEpochMillis(1_500), row.getTimestamp(3, 3));
        assertEquals("a", row.getString(4).toString());
    }

    @Test
    void withoutTheLineEveryColumnOfTheFileIsNull() {
        RowData row = new MetadataColumns(List.of("watermark"), 2, false).watermark(1_500, "a");
        assertTrue(row.isNullAt(0) && row.isNullAt(1));
        assertEquals(TimestampData.fromEpochMillis(1_500), row.getTimestamp(2, 3));
    }
}
