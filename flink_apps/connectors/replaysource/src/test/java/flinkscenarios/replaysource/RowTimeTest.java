package flinkscenarios.replaysource;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;
import org.junit.jupiter.api.Test;

class RowTimeTest {

    private static final long MILLIS = 1_546_671_042_123L;

    private static long time(DataType type, Object value) {
        DataType row = DataTypes.ROW(DataTypes.FIELD("id", DataTypes.INT()), DataTypes.FIELD("time", type));
        return RowTime.of((RowType) row.getLogicalType(), "time").of(GenericRowData.of(7, value));
    }

    @Test
    void aTimeIsReadFromEachTypeThatCanHoldOne() {
        assertEquals(MILLIS, time(DataTypes.BIGINT(), MILLIS));
        assertEquals(MILLIS, time(DataTypes.STRING(), StringData.fromString("2019-01-05T06:50:42.123")));
        assertEquals(MILLIS, time(DataTypes.TIMESTAMP(3), TimestampData.fromEpochMillis(MILLIS)));
        assertEquals(MILLIS, time(DataTypes.TIMESTAMP(9), TimestampData.fromEpochMillis(MILLIS, 999)));
        assertEquals(MILLIS, time(DataTypes.TIMESTAMP_LTZ(3), TimestampData.fromEpochMillis(MILLIS)));
    }

    @Test
    void nullIsNoTime() {
        assertEquals(EpochMillis.NONE, time(DataTypes.BIGINT(), null));
    }
}
