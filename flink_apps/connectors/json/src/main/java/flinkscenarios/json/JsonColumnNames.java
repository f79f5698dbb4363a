package flinkscenarios.json;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.io.JsonStringEncoder;

/**
 * Finds the column of a field by its name.
 *
 * <p>Records of one stream mostly have their fields in one order. So it first compares the bytes with the name that
 * followed the previous field last time. This guess affects only the speed.
 */
final class JsonColumnNames {

    /** A field without a column. Also the predecessor of the first field. */
    static final int UNKNOWN = -1;

    private final byte[][] names;
    private final byte[][] quotedNames;
    private final int[] followers;

    JsonColumnNames(JsonColumn[] columns) {
        names = new byte[columns.length][];
        quotedNames = new byte[columns.length][];
        followers = new int[columns.length + 1];
        for (int i = 0; i < columns.length; i++) {
            names[i] = columns[i].name().getBytes(UTF_8);
            quotedNames[i] = quoted(columns[i].name());
            followers[i] = i;
        }
        followers[columns.length] = UNKNOWN;
    }

    /**
     * Moves past the name of a field.
     *
     * @param previous the column of the field before
     * @return position of its column, or {@link #UNKNOWN}
     */
    int read(JsonScanner scanner, int previous) throws BadRecordException {
        int guess = followers[previous + 1];
        scanner.next();
        if (guess != UNKNOWN && scanner.take(quotedNames[guess])) {
            return guess;
        }
        scanner.readText();
        int column = scanner.textIndex(names);
        if (column != UNKNOWN) {
            followers[previous + 1] = column;
        }
        return column;
    }

    private static byte[] quoted(String name) {
        return ('"' + new String(JsonStringEncoder.getInstance().quoteAsString(name)) + '"').getBytes(UTF_8);
    }
}
