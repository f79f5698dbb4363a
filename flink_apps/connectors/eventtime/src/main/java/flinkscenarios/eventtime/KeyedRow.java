package flinkscenarios.eventtime;

import org.apache.flink.types.Row;

/** Rows of a key, a value, the partition and the event time; only the first two are emitted. */
final class KeyedRow implements TimedRow<Row> {

    private static final long serialVersionUID = 1L;

    @Override
    public Object partition(Row row) {
        return row.getField(2);
    }

    @Override
    public Long time(Row row) {
        return (Long) row.getField(3);
    }

    @Override
    public Row withoutTime(Row row) {
        return Row.of(row.getField(0), row.getField(1));
    }
}
