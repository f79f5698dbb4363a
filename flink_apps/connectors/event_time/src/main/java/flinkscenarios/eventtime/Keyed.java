package flinkscenarios.eventtime;

import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.table.api.Table;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.DataType;

/** What a job in Python calls where rows must not overtake each other: SQL alone cannot ask for that. */
public final class Keyed {

    private Keyed() {}

    /**
     * The same table, whose rows with the same number in a column come to the same task, in their order.
     *
     * <p>Rows stay in Flink's own form: nothing is converted.
     *
     * @param column a column of type INT without NULL
     */
    public static Table by(StreamTableEnvironment environment, Table table, String column) {
        int index = table.getResolvedSchema().getColumnNames().indexOf(column);
        DataType type = table.getResolvedSchema().toPhysicalRowDataType().bridgedTo(RowData.class);
        DataStream<RowData> rows = environment.toDataStream(table, type);
        return environment.fromDataStream(rows.keyBy(row -> row.getInt(index)));
    }
}
