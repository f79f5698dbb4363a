package flinkscenarios.eventtime;

import org.apache.flink.table.data.RowData;

/** Rows of a table in event time; they go on unchanged. */
final class TableRow implements TimedRow<RowData> {

    private static final long serialVersionUID = 1L;

    private final int partition;
    private final int time;

    /**
     * @param partition the position of a STRING column
     * @param time the position of a BIGINT column
     */
    TableRow(int partition, int time) {
        this.partition = partition;
        this.time = time;
    }

    @Override
    public Object partition(RowData row) {
        // A copy: the row's bytes may belong to a buffer that is reused.
        return row.getString(partition).toString();
    }

    @Override
    public Long time(RowData row) {
        return row.isNullAt(time) ? null : row.getLong(time);
    }

    @Override
    public RowData withoutTime(RowData row) {
        return row;
    }
}
