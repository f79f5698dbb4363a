package flinkscenarios.eventtime;

import org.apache.flink.table.data.RowData;

/** Rows of a table, as they are. */
final class TableRow implements TimedRow<RowData> {

    private static final long serialVersionUID = 1L;

    private final int partition;
    private final int time;

    /**
     * @param partition the position of a column of text
     * @param time the position of a column of whole numbers
     */
    TableRow(int partition, int time) {
        this.partition = partition;
        this.time = time;
    }

    @Override
    public Object partition(RowData row) {
        // As an object of its own: the row's bytes may belong to a buffer.
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
