package flinkscenarios.replaysource;

import java.io.Serializable;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.utils.LogicalTypeChecks;

/** Reads the time of a row from its time attribute. */
final class RowTime implements Serializable {

    private static final long serialVersionUID = 1L;

    private final int column;
    private final LogicalType type;

    private RowTime(int column, LogicalType type) {
        this.column = column;
        this.type = type;
    }

    /**
     * Returns the reader of a time attribute.
     *
     * @throws ValidationException the rows have no such column, or it has no type of a time
     */
    static RowTime of(RowType row, String attribute) {
        int column = row.getFieldIndex(attribute);
        if (column < 0) {
            throw new ValidationException(
                    String.format(
                            "'%s' must name a column of the table (got %s); write one of %s",
                            ReplayOptions.TIME_ATTRIBUTE.key(), attribute, String.join(", ", row.getFieldNames())));
        }
        LogicalType type = row.getTypeAt(column);
        switch (type.getTypeRoot()) {
            case BIGINT:
            case VARCHAR:
            case TIMESTAMP_WITHOUT_TIME_ZONE:
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE:
                return new RowTime(column, type);
            default:
                throw new ValidationException(
                        String.format(
                                "the column %s must be a BIGINT of epoch milliseconds, a TIMESTAMP, a TIMESTAMP_LTZ or"
                                        + " a STRING to be the '%s' (got %s); declare it as one of them",
                                attribute, ReplayOptions.TIME_ATTRIBUTE.key(), type.asSummaryString()));
        }
    }

    /** Epoch milliseconds, or {@link EpochMillis#NONE}. */
    long of(RowData row) {
        if (row.isNullAt(column)) {
            return EpochMillis.NONE;
        }
        switch (type.getTypeRoot()) {
            case BIGINT:
                return row.getLong(column);
            case VARCHAR:
                return EpochMillis.parse(row.getString(column).toString());
            default:
                return row.getTimestamp(column, LogicalTypeChecks.getPrecision(type)).getMillisecond();
        }
    }
}
