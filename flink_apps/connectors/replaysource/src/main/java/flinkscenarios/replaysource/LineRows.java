package flinkscenarios.replaysource;

import java.io.IOException;
import javax.annotation.Nullable;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;

/**
 * The lines of a text file. Each is a row, even if it is malformed: its fields as text, and, if the query reads it, the
 * bytes of the line in a last column.
 */
final class LineRows implements FileRows {

    private final Lines lines;
    private final FieldReader fields;
    private final int columns;
    private final boolean withLine;

    LineRows(Lines lines, FieldReader fields, int columns, boolean withLine) {
        this.lines = lines;
        this.fields = fields;
        this.columns = columns;
        this.withLine = withLine;
    }

    @Nullable
    @Override
    public RowData next() throws IOException {
        byte[] line = lines.next();
        if (line == null) {
            return null;
        }
        GenericRowData row = row(line);
        fields.read(line, row);
        return row;
    }

    /** Without its fields: the last one may have lost digits, and would be read as another value. */
    @Nullable
    @Override
    public RowData cutOff() {
        byte[] line = lines.cutOff();
        return line == null ? null : row(line);
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }

    private GenericRowData row(byte[] line) {
        GenericRowData row = new GenericRowData(columns + (withLine ? 1 : 0));
        if (withLine) {
            row.setField(columns, line);
        }
        return row;
    }
}
