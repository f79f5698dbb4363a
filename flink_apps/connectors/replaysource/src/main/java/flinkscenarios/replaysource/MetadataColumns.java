package flinkscenarios.replaysource;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.annotation.Nullable;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.data.utils.JoinedRowData;
import org.apache.flink.table.types.DataType;

/**
 * The columns that the replay adds after those of the files: a row's number, and a watermark's time and key.
 *
 * <p>In a row that is a watermark, the columns of the files are NULL. The two columns that are not nullable are an
 * empty line, and the number 0.
 */
final class MetadataColumns implements Serializable {

    private static final long serialVersionUID = 1L;

    static final String NUMBER = "number";
    static final String WATERMARK = "watermark";
    static final String WATERMARK_KEY = "watermark-key";

    private static final long NO_NUMBER = 0;
    private static final byte[] NO_BYTES = {};

    private final int size;
    private final int numberAt;
    private final int watermarkAt;
    private final int keyAt;
    private final int fileColumns;
    private final boolean withLine;

    /**
     * @param names of the metadata columns that are read, in their order; others than these three are ignored
     * @param fileColumns how many columns the rows of the files have
     * @param withLine whether the last one of these is the line
     */
    MetadataColumns(List<String> names, int fileColumns, boolean withLine) {
        List<String> wanted = new ArrayList<>(names);
        wanted.retainAll(types().keySet());
        this.size = wanted.size();
        this.numberAt = wanted.indexOf(NUMBER);
        this.watermarkAt = wanted.indexOf(WATERMARK);
        this.keyAt = wanted.indexOf(WATERMARK_KEY);
        this.fileColumns = fileColumns;
        this.withLine = withLine;
    }

    /** All three, in their order. */
    static Map<String, DataType> types() {
        Map<String, DataType> types = new LinkedHashMap<>();
        types.put(NUMBER, DataTypes.BIGINT().notNull());
        types.put(WATERMARK, DataTypes.TIMESTAMP_LTZ(3));
        types.put(WATERMARK_KEY, DataTypes.STRING());
        return types;
    }

    /** A row of a file, with its number. */
    RowData withNumber(RowData row, long number) {
        return size == 0 ? row : new JoinedRowData(row, added(number, null, null));
    }

    /** A row that is a watermark. */
    RowData watermark(long timeMillis, String key) {
        GenericRowData nothing = new GenericRowData(fileColumns);
        if (withLine) {
            nothing.setField(fileColumns - 1, NO_BYTES);
        }
        TimestampData time = TimestampData.fromEpochMillis(timeMillis);
        return new JoinedRowData(nothing, added(NO_NUMBER, time, StringData.fromString(key)));
    }

    private RowData added(long number, @Nullable TimestampData watermark, @Nullable StringData key) {
        GenericRowData row = new GenericRowData(size);
        set(row, numberAt, number);
        set(row, watermarkAt, watermark);
        set(row, keyAt, key);
        return row;
    }

    private static void set(GenericRowData row, int column, @Nullable Object value) {
        if (column >= 0) {
            row.setField(column, value);
        }
    }
}
