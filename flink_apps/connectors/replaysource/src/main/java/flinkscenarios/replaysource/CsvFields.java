package flinkscenarios.replaysource;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import javax.annotation.Nullable;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;

/**
 * Reads the fields of a line of comma-separated values; their names are those of the file's header.
 *
 * <p>A field may be in double quotes, with quotes in it doubled; it cannot contain a line break. Blank fields behind
 * those that the header names are ignored: the commission's files of 2016 have two in each line. Otherwise a line is
 * malformed if its number of fields differs from that of the header. A column that the header does not name stays NULL.
 */
final class CsvFields implements FieldReader {

    private static final char QUOTE = '"';
    private final int headerSize;
    /** For each column its field's index in a line, or -1. */
    private final int[] fields;

    /**
     * @throws MissingColumnsException the header does not name the columns that are needed
     */
    CsvFields(byte[] headerLine, FileColumns columns) throws MissingColumnsException {
        String text = new String(headerLine, StandardCharsets.UTF_8);
        List<String> names = split(text);
        if (names == null) {
            // No header of any file: the line itself says more than that a quote is missing.
            names = List.of(text);
        }
        this.headerSize = names.size();
        this.fields = columns.in(names);
    }

    @Override
    public void read(byte[] line, GenericRowData row) {
        List<String> values = split(new String(line, StandardCharsets.UTF_8));
        if (values == null
                || values.size() < headerSize
                || !values.subList(headerSize, values.size()).stream().allMatch(String::isBlank)) {
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
            int quote = beginOfQuoted(line, start);
            if (quote >= 0) {
                int close = endOfQuoted(line, quote);
                end = close < 0 ? -1 : afterBlanks(line, close);
                if (end < 0 || end < line.length() && line.charAt(end) != ',') {
                    return null;
                }
                fields.add(line.substring(quote + 1, close - 1).replace("\"\"", "\""));
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

    /** The index of the quote with which a field begins, perhaps after blanks; -1 if it does not begin with one. */
    private static int beginOfQuoted(String line, int start) {
        int at = afterBlanks(line, start);
        return at < line.length() && line.charAt(at) == QUOTE ? at : -1;
    }

    private static int afterBlanks(String line, int start) {
        int at = start;
        while (at < line.length() && line.charAt(at) == ' ') {
            at++;
        }
        return at;
    }

    /** The index after the closing quote; -1 if there is none. */
    private static int endOfQuoted(String line, int start) {
        int at = start + 1;
        while (at < line.length()) {
            if (line.charAt(at) != QUOTE) {
                at++;
            } else if (at + 1 < line.length() && line.charAt(at + 1) == QUOTE) {
                at += 2;
            } else {
                return at + 1;
            }
        }
        return -1;
    }
}
