package flinkscenarios.replaysource;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import javax.annotation.Nullable;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;

/**
 * Reads the fields of a line of comma-separated values; their names are those of the file's header.
 *
 * <p>A field may be in double quotes, with quotes in it doubled; it cannot contain a line break. A line is malformed if
 * its number of fields differs from that of the header. A column that the header does not name stays NULL.
 */
final class CsvFields implements FieldReader {

    private static final char QUOTE = '"';
    private static final String BYTE_ORDER_MARK = "\uFEFF";

    private final List<String> header;
    /** For each column its field's index in a line, or -1. */
    private final int[] fields;

    CsvFields(byte[] headerLine, List<String> columns) {
        String text = new String(headerLine, StandardCharsets.UTF_8);
        List<String> names = split(text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text);
        this.header = names == null ? List.of() : names.stream().map(String::trim).collect(Collectors.toList());
        this.fields = columns.stream().mapToInt(header::indexOf).toArray();
    }

    /** The names in the header. */
    List<String> header() {
        return header;
    }

    @Override
    public void read(byte[] line, GenericRowData row) {
        List<String> values = split(new String(line, StandardCharsets.UTF_8));
        if (values == null || values.size() != header.size()) {
            return;
        }
        for (int column = 0; column < fields.length; column++) {
            if (fields[column] >= 0) {
                row.setField(column, StringData.fromString(values.get(fields[column])));
            }
        }
    }

    /** The fields of a line; null if a quoted one does not end, or is not followed by a comma. */
    @Nullable
    private static List<String> split(String line) {
        List<String> fields = new ArrayList<>();
        int start = 0;
        while (true) {
            int end;
            if (start < line.length() && line.charAt(start) == QUOTE) {
                end = endOfQuoted(line, start);
                if (end < 0) {
                    return null;
                }
                fields.add(line.substring(start + 1, end - 1).replace("\"\"", "\""));
            } else {
                int comma = line.indexOf(',', start);
                end = comma < 0 ? line.length() : comma;
                fields.add(line.substring(start, end));
            }
            if (end == line.length()) {
                return fields;
            }
            start = end + 1;
        }
    }

    /** The index after the closing quote; -1 if there is none, or neither a comma nor the line's end follows it. */
    private static int endOfQuoted(String line, int start) {
        int at = start + 1;
        while (at < line.length()) {
            if (line.charAt(at) != QUOTE) {
                at++;
            } else if (at + 1 < line.length() && line.charAt(at + 1) == QUOTE) {
                at += 2;
            } else {
                at++;
                return at == line.length() || line.charAt(at) == ',' ? at : -1;
            }
        }
        return -1;
    }
}
