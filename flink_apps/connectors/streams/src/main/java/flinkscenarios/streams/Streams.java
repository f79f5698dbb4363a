package flinkscenarios.streams;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.table.api.Table;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.types.Row;

/** Entry points for jobs in Python: tables as streams, without a call of Python for each row. */
public final class Streams {

    private Streams() {}

    /** Converts the rows of a table to the form that PyFlink's operators take, with fields by their positions. */
    public static DataStream<Row> rows(DataStream<Row> table, TypeInformation<Row> type) {
        return table.map(row -> row).name("rows").returns(type);
    }

    /**
     * Partitions a table by a column: rows with the same value go to the same task, in their order. SQL alone cannot
     * ask for that.
     *
     * <p>Rows stay in Flink's internal form: nothing is converted.
     *
     * @param column a column of type INT without NULL
     */
    public static Table keyBy(StreamTableEnvironment environment, Table table, String column) {
        int index = table.getResolvedSchema().getColumnNames().indexOf(column);
        DataType type = table.getResolvedSchema().toPhysicalRowDataType().bridgedTo(RowData.class);
        DataStream<RowData> rows = environment.toDataStream(table, type);
        return environment.fromDataStream(rows.keyBy(row -> row.getInt(index)));
    }
}
