package flinkscenarios.json;

import java.util.Arrays;
import org.apache.flink.table.data.GenericRowData;

/** Reads one JSON object into a row. Checks all columns, also those that are not produced. Not thread-safe. */
final class JsonRecordParser {

    private final JsonColumn[] columns;
    private final int required;
    private final JsonColumnNames names;
    private final JsonScanner scanner = new JsonScanner();

    /** For each column the number of the record that last had its field, so that there is nothing to clear. */
    private final long[] seenIn;

    private long record;

    JsonRecordParser(JsonColumn[] columns) {
        this.columns = columns;
        this.required = (int) Arrays.stream(columns).filter(column -> !column.optional()).count();
        this.names = new JsonColumnNames(columns);
        this.seenIn = new long[columns.length];
    }

    /**
     * Sets the columns that are produced.
     *
     * @throws BadRecordException with the first error; some columns of the row may be set then
     */
    void parse(byte[] message, GenericRowData row) throws BadRecordException {
        record++;
        scanner.start(message);
        if (scanner.next() != '{') {
            scanner.skipValue();
            scanner.expectEnd();
            throw new BadRecordException(ErrorCode.NOT_AN_OBJECT, "not a JSON object");
        }
        int found = readFields(row);
        scanner.expectEnd();
        if (found < required) {
            throw firstMissing();
        }
    }

    /** Reads all fields, and returns how many of them are required. */
    private int readFields(GenericRowData row) throws BadRecordException {
        int found = 0;
        scanner.expect('{');
        if (scanner.next() != '}') {
            int column = JsonColumnNames.UNKNOWN;
            do {
                column = names.read(scanner, column);
                scanner.expect(':');
                if (column == JsonColumnNames.UNKNOWN) {
                    scanner.skipValue();
                } else {
                    readValue(column, row);
                    if (!columns[column].optional()) {
                        found++;
                    }
                }
            } while (scanner.takeComma());
        }
        scanner.expect('}');
        return found;
    }

    private void readValue(int index, GenericRowData row) throws BadRecordException {
        JsonColumn column = columns[index];
        if (seenIn[index] == record) {
            throw column.duplicate();
        }
        seenIn[index] = record;
        if (column.optional() && scanner.next() == 'n') {
            scanner.skipValue(); // null, which the row has already
            return;
        }
        Object value = value(column);
        if (column.target() != JsonColumn.NOT_PRODUCED) {
            row.setField(column.target(), value);
        }
    }

    private Object value(JsonColumn column) throws BadRecordException {
        switch (column.kind()) {
            case BIGINT:
                return integer(column, Long.MIN_VALUE, Long.MAX_VALUE);
            case INT:
                return (int) integer(column, Integer.MIN_VALUE, Integer.MAX_VALUE);
            case SMALLINT:
                return (short) integer(column, Short.MIN_VALUE, Short.MAX_VALUE);
            case DOUBLE:
                return decimal(column);
            case STRING:
                return text(column);
            case BOOLEAN:
                return bool(column);
            default:
                throw new IllegalStateException("no reader for " + column.kind());
        }
    }

    private long integer(JsonColumn column, long least, long most) throws BadRecordException {
        readNumber(column);
        if (!scanner.isInteger()) {
            throw column.wrongType();
        }
        if (!scanner.fitsLong() || scanner.longValue() < least || scanner.longValue() > most) {
            throw column.outOfRange();
        }
        return scanner.longValue();
    }

    private double decimal(JsonColumn column) throws BadRecordException {
        readNumber(column);
        double value = scanner.doubleValue();
        if (Double.isInfinite(value)) {
            throw column.outOfRange();
        }
        return value;
    }

    private void readNumber(JsonColumn column) throws BadRecordException {
        byte first = scanner.next();
        if (first != '-' && (first < '0' || first > '9')) {
            throw otherType(column);
        }
        scanner.readNumber();
    }

    private Object text(JsonColumn column) throws BadRecordException {
        if (scanner.next() != '"') {
            throw otherType(column);
        }
        scanner.readText();
        return column.target() == JsonColumn.NOT_PRODUCED ? null : scanner.text();
    }

    private boolean bool(JsonColumn column) throws BadRecordException {
        byte first = scanner.next();
        if (first != 't' && first != 'f') {
            throw otherType(column);
        }
        return scanner.readBoolean();
    }

    /** The error of a value of another type; that it is no JSON value at all takes precedence. */
    private BadRecordException otherType(JsonColumn column) throws BadRecordException {
        scanner.skipValue();
        return column.wrongType();
    }

    private BadRecordException firstMissing() {
        int index = 0;
        while (columns[index].optional() || seenIn[index] == record) {
            index++;
        }
        return columns[index].missing();
    }
}
