package flinkscenarios.json;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.math.BigDecimal;
import java.util.Arrays;
import org.apache.flink.table.data.StringData;

/**
 * Reads the tokens of one JSON text straight from its bytes, strictly by RFC 8259; text must be well-formed Unicode,
 * both as UTF-8 and as escapes, and nesting ends at 500 levels.
 *
 * <p>Not Jackson, whose tokens alone take 60 % of the time of Flink's whole JSON format. What makes this one fast is
 * that it is told which bytes are likely to come next ({@link #take}), and that nothing is copied.
 */
final class JsonScanner {

    /** What {@link #at} returns after the last byte: a zero is allowed nowhere in a JSON text. */
    private static final byte END = 0;

    private static final int DEEPEST = 500;

    /** Beyond this a number is no integer that any column takes, however it goes on. */
    private static final int MOST_DIGITS = 400;

    private static final byte[] BYTE_ORDER_MARK = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};
    private static final byte[] TRUE = "true".getBytes(US_ASCII);
    private static final byte[] FALSE = "false".getBytes(US_ASCII);
    private static final byte[] NULL = "null".getBytes(US_ASCII);

    /** The smallest character that may take up so many bytes of UTF-8. */
    private static final int[] SMALLEST = {0, 0, 0x80, 0x800, 0x10000};

    /** Up to 15 digits and these are exact as a double, so that their quotient is rounded just once: rightly. */
    private static final double[] TEN_TO_THE =
            {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

    private static final BigDecimal BEYOND_LONG = BigDecimal.TEN.pow(20);

    private byte[] bytes;
    private int position;

    private int textStart;
    private int textEnd;
    private boolean textEscaped;

    private int numberStart;
    private boolean negative;
    private long digits;
    private int integerDigits;
    private int fractionDigits;
    private boolean exponent;

    /** Goes to the start of another text, behind a byte order mark if it has one. */
    void start(byte[] text) {
        bytes = text;
        position = 0;
        take(BYTE_ORDER_MARK);
    }

    /** Skips white space, and returns the next byte without moving past it; zero at the end. */
    byte next() {
        byte next = at(position);
        // Where there is none, as between most tokens, the first comparison is the only one.
        while (next <= ' ' && (next == ' ' || next == '\n' || next == '\r' || next == '\t')) {
            next = at(++position);
        }
        return next;
    }

    /** Moves past white space and then this byte. */
    void expect(char wanted) throws BadRecordException {
        if (next() != wanted) {
            throw unexpected(position);
        }
        position++;
    }

    /** Moves past white space and then a comma if one comes next. */
    boolean takeComma() {
        if (next() != ',') {
            return false;
        }
        position++;
        return true;
    }

    /** Moves past the end, before which only white space may come. */
    void expectEnd() throws BadRecordException {
        next();
        if (position < bytes.length) {
            throw notJson("trailing content at byte " + position);
        }
    }

    /** Moves past these bytes if they come next, and returns whether they do. */
    boolean take(byte[] wanted) {
        int end = position + wanted.length;
        if (end > bytes.length || !Arrays.equals(bytes, position, end, wanted, 0, wanted.length)) {
            return false;
        }
        position = end;
        return true;
    }

    /** Moves past {@code true} or {@code false}, whose first byte is next. */
    boolean readBoolean() throws BadRecordException {
        if (take(TRUE)) {
            return true;
        }
        if (take(FALSE)) {
            return false;
        }
        throw unexpected(position);
    }

    /** Moves past a string; {@link #text} and {@link #textIndex} then return it. */
    void readText() throws BadRecordException {
        expect('"');
        textStart = position;
        textEscaped = false;
        int here = position;
        for (byte next = at(here); next != '"'; next = at(here)) {
            if (next == '\\') {
                textEscaped = true;
                here = afterEscape(here);
            } else if (next >= ' ') {
                here++;
            } else if (next < 0) {
                here = afterMultiByteCharacter(here);
            } else {
                throw unexpected(here);
            }
        }
        textEnd = here;
        position = here + 1;
    }

    /** The last string; shares the bytes of the message where it can. */
    StringData text() {
        return textEscaped
                ? StringData.fromString(unescaped())
                : StringData.fromBytes(bytes, textStart, textEnd - textStart);
    }

    /** The index of the last string among these, which are in UTF-8; negative if it is none of them. */
    int textIndex(byte[][] candidates) {
        byte[] text = textEscaped ? unescaped().getBytes(UTF_8) : bytes;
        int start = textEscaped ? 0 : textStart;
        int end = textEscaped ? text.length : textEnd;
        for (int i = 0; i < candidates.length; i++) {
            if (Arrays.equals(text, start, end, candidates[i], 0, candidates[i].length)) {
                return i;
            }
        }
        return -1;
    }

    /** Moves past a number; {@link #isInteger}, {@link #doubleValue} and the others then describe it. */
    void readNumber() throws BadRecordException {
        numberStart = position;
        negative = at(position) == '-';
        digits = 0;
        int start = negative ? position + 1 : position;
        int here = afterDigits(start);
        integerDigits = here - start;
        if (integerDigits > 1 && at(start) == '0') {
            throw unexpected(start + 1);
        }
        fractionDigits = 0;
        if (at(here) == '.') {
            start = here + 1;
            here = afterDigits(start);
            fractionDigits = here - start;
        }
        exponent = (at(here) | 0x20) == 'e';
        position = exponent ? afterExponent(here) : here;
    }

    /** Moves past one digit or more, and adds them to the number, which overflows beyond 19. */
    private int afterDigits(int start) throws BadRecordException {
        // In local variables, which a compiler can keep in registers.
        byte[] text = bytes;
        long value = digits;
        int here = start;
        while (here < text.length) {
            int digit = text[here] - '0';
            if (digit < 0 || digit > 9) {
                break;
            }
            value = value * 10 + digit;
            here++;
        }
        if (here == start) {
            throw unexpected(here);
        }
        digits = value;
        return here;
    }

    /** Whether the last number has no fraction: {@code 1.0} and {@code 1e3} have none. */
    boolean isInteger() {
        return isWrittenAsInteger() || integerDigits + fractionDigits > MOST_DIGITS || exact().scale() <= 0;
    }

    /** Whether the last number, an integer, fits into a long. */
    boolean fitsLong() {
        if (!isWrittenAsInteger()) {
            return integerDigits + fractionDigits <= MOST_DIGITS && fitsLong(exact());
        }
        // Any 19 digits fit into 64 bits without a sign; only the least long is negative there and allowed.
        return integerDigits < 19
                || integerDigits == 19 && (digits >= 0 || negative && digits == Long.MIN_VALUE);
    }

    /** The last number, an integer that fits. */
    long longValue() {
        return isWrittenAsInteger() ? negative ? -digits : digits : exact().longValueExact();
    }

    private boolean isWrittenAsInteger() {
        return fractionDigits == 0 && !exponent;
    }

    private static boolean fitsLong(BigDecimal integer) {
        // Looked at first: written out, a number with a large exponent takes gigabytes.
        return (long) integer.precision() - integer.scale() <= 19 && integer.toBigInteger().bitLength() < Long.SIZE;
    }

    /** The last number in its shortest form; one whose exponent is beyond all others as if it were an integer. */
    private BigDecimal exact() {
        try {
            BigDecimal value = new BigDecimal(new String(bytes, numberStart, position - numberStart, ISO_8859_1));
            return value.stripTrailingZeros();
        } catch (NumberFormatException e) {
            return BEYOND_LONG;
        }
    }

    /** The last number, rounded to the nearest double; infinite when it is beyond. */
    double doubleValue() {
        if (exponent || integerDigits + fractionDigits > 15) {
            return Double.parseDouble(new String(bytes, numberStart, position - numberStart, ISO_8859_1));
        }
        double magnitude = digits / TEN_TO_THE[fractionDigits];
        return negative ? -magnitude : magnitude;
    }

    /** Moves past a value of any kind. */
    void skipValue() throws BadRecordException {
        skipValue(0);
    }

    private void skipValue(int depth) throws BadRecordException {
        switch (next()) {
            case '{':
                skipObject(depth + 1);
                break;
            case '[':
                skipArray(depth + 1);
                break;
            case '"':
                readText();
                break;
            case 't':
            case 'f':
                readBoolean();
                break;
            case 'n':
                if (!take(NULL)) {
                    throw unexpected(position);
                }
                break;
            default:
                readNumber();
        }
    }

    private void skipObject(int depth) throws BadRecordException {
        checkDepth(depth);
        expect('{');
        if (next() != '}') {
            do {
                skipMember(depth);
            } while (takeComma());
        }
        expect('}');
    }

    private void skipMember(int depth) throws BadRecordException {
        readText();
        expect(':');
        skipValue(depth);
    }

    private void skipArray(int depth) throws BadRecordException {
        checkDepth(depth);
        expect('[');
        if (next() != ']') {
            do {
                skipValue(depth);
            } while (takeComma());
        }
        expect(']');
    }

    private void checkDepth(int depth) throws BadRecordException {
        if (depth > DEEPEST) {
            throw notJson("nested too deeply at byte " + position);
        }
    }

    private byte at(int index) {
        return index < bytes.length ? bytes[index] : END;
    }

    private int afterExponent(int index) throws BadRecordException {
        byte sign = at(index + 1);
        return afterDigits(sign == '+' || sign == '-' ? index + 2 : index + 1);
    }

    private int afterMultiByteCharacter(int index) throws BadRecordException {
        int lead = bytes[index] & 0xff;
        int size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        if (lead < 0xc0 || lead > 0xf7) {
            throw notUnicode(index);
        }
        int character = lead & 0xff >> size + 1;
        for (int i = 1; i < size; i++) {
            int next = at(index + i);
            if ((next & 0xc0) != 0x80) {
                throw notUnicode(index);
            }
            character = character << 6 | next & 0x3f;
        }
        boolean surrogate = character >= Character.MIN_SURROGATE && character <= Character.MAX_SURROGATE;
        if (character < SMALLEST[size] || character > Character.MAX_CODE_POINT || surrogate) {
            throw notUnicode(index);
        }
        return index + size;
    }

    private int afterEscape(int index) throws BadRecordException {
        byte kind = at(index + 1);
        if (kind != 'u') {
            if (kind == END || "\"\\/bfnrt".indexOf(kind) < 0) {
                throw unexpected(index + 1);
            }
            return index + 2;
        }
        char unit = codeUnit(index + 2);
        if (!Character.isSurrogate(unit)) {
            return index + 6;
        }
        boolean pair =
                Character.isHighSurrogate(unit)
                        && at(index + 6) == '\\'
                        && at(index + 7) == 'u'
                        && Character.isLowSurrogate(codeUnit(index + 8));
        if (!pair) {
            throw notUnicode(index);
        }
        return index + 12;
    }

    private char codeUnit(int index) throws BadRecordException {
        int unit = 0;
        for (int i = index; i < index + 4; i++) {
            int digit = Character.digit(at(i), 16);
            if (digit < 0) {
                throw unexpected(i);
            }
            unit = unit << 4 | digit;
        }
        return (char) unit;
    }

    private String unescaped() {
        StringBuilder text = new StringBuilder(textEnd - textStart);
        int here = textStart;
        while (here < textEnd) {
            if (bytes[here] != '\\') {
                int start = here;
                while (here < textEnd && bytes[here] != '\\') {
                    here++;
                }
                text.append(new String(bytes, start, here - start, UTF_8));
            } else if (bytes[here + 1] == 'u') {
                text.append((char) Integer.parseInt(new String(bytes, here + 2, 4, US_ASCII), 16));
                here += 6;
            } else {
                text.append(escaped(bytes[here + 1]));
                here += 2;
            }
        }
        return text.toString();
    }

    private static char escaped(byte kind) {
        switch (kind) {
            case 'b':
                return '\b';
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            default:
                return (char) kind;
        }
    }

    private BadRecordException unexpected(int index) {
        return notJson(index < bytes.length ? "unexpected character at byte " + index : "ends too early");
    }

    private static BadRecordException notUnicode(int index) {
        return notJson("invalid Unicode at byte " + index);
    }

    private static BadRecordException notJson(String detail) {
        return new BadRecordException(ErrorCode.NOT_JSON, "not JSON: " + detail);
    }
}
