package flinkscenarios.kinesis;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import java.util.concurrent.ThreadLocalRandom;
import javax.annotation.Nullable;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeFamily;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.RowType;

/** Makes the partition keys of rows, which decide about their shards. */
final class PartitionKeys implements Serializable {

    private static final long serialVersionUID = 1L;

    /** The longest that the service takes. */
    private static final int LONGEST = 256;

    /** In place of an empty one, which the service does not take. */
    private static final String EMPTY = "-";

    private final List<RowData.FieldGetter> columns;
    private final String delimiter;
    private final SinkOptions.Partitioner partitioner;
    @Nullable private String fixed;

    private PartitionKeys(
            List<RowData.FieldGetter> columns, String delimiter, SinkOptions.Partitioner partitioner) {
        this.columns = columns;
        this.delimiter = delimiter;
        this.partitioner = partitioner;
    }

    /**
     * Keys of a table.
     *
     * @param names the columns that the table is partitioned by; none for keys that do not depend on the row
     * @throws ValidationException for a column that makes no key
     */
    static PartitionKeys of(RowType row, List<String> names, SinkOptions options) {
        List<RowData.FieldGetter> columns = new ArrayList<>();
        for (String name : names) {
            int column = row.getFieldIndex(name);
            LogicalType type = row.getTypeAt(column);
            if (!isKey(type)) {
                throw new ValidationException(
                        String.format(
                                "a column of PARTITIONED BY must be a text, a number, a date or a time (got %s %s);"
                                        + " write one with CAST (%s AS STRING) into the table",
                                name, type.asSummaryString(), name));
            }
            columns.add(RowData.createFieldGetter(type, column));
        }
        return new PartitionKeys(columns, options.delimiter(), options.partitioner());
    }

    void open(int subtask) {
        fixed = partitioner == SinkOptions.Partitioner.FIXED ? String.valueOf(subtask) : null;
    }

    String of(RowData row) {
        if (columns.isEmpty()) {
            return fixed != null ? fixed : Long.toHexString(ThreadLocalRandom.current().nextLong());
        }
        String key;
        if (columns.size() == 1) {
            key = String.valueOf(columns.get(0).getFieldOrNull(row));
        } else {
            StringJoiner parts = new StringJoiner(delimiter);
            columns.forEach(column -> parts.add(String.valueOf(column.getFieldOrNull(row))));
            key = parts.toString();
        }
        return key.isEmpty() ? EMPTY : key.length() > LONGEST ? key.substring(0, LONGEST) : key;
    }

    private static boolean isKey(LogicalType type) {
        LogicalTypeRoot root = type.getTypeRoot();
        return root == LogicalTypeRoot.BOOLEAN
                || type.isAnyOf(
                        LogicalTypeFamily.CHARACTER_STRING,
                        LogicalTypeFamily.NUMERIC,
                        LogicalTypeFamily.DATETIME);
    }
}
