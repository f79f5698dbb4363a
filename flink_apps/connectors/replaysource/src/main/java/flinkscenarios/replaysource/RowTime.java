package flinkscenarios.replaysource;

import java.io.Serializable;
import java.time.ZoneId;
import org.apache.flink.table.data.RowData;

/** Reads the time of a row from the text in its time attribute. */
final class RowTime implements Serializable {

    private static final long serialVersionUID = 1L;

    private final int column;
    private final ZoneId zone;

    /**
     * @param column the time attribute's
     * @param zone the zone of times without an offset
     */
    RowTime(int column, ZoneId zone) {
        this.column = column;
        this.zone = zone;
    }

    /** Epoch milliseconds, or {@link EpochMillis#NONE}. */
    long of(RowData row) {
        return row.isNullAt(column)
                ? EpochMillis.NONE
                : EpochMillis.parse(row.getString(column).toString().trim(), zone);
    }
}
