package flinkscenarios.replaysource;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import javax.annotation.Nullable;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonGenerator;
import org.apache.flink.table.functions.ScalarFunction;

/**
 * {@code typed_json('vendor_id BIGINT, pickup_datetime TIMESTAMP, …', vendor_id, pickup_datetime, …)} builds a JSON
 * object, as bytes, from texts such as those of a CSV file.
 *
 * <p>The types: BIGINT is an integer (which may end in {@code .0}), DOUBLE any finite number, TIMESTAMP a time, which
 * becomes epoch milliseconds as in the source, and STRING the text itself. A zone may follow TIMESTAMP, as in
 * {@code TIMESTAMP America/New_York}: that of times without an offset, by default UTC. Texts that stand for others may
 * follow other types, as in {@code BIGINT CASH=2|NO CHARGE=3}; in which case a file writes them does not matter. White
 * space around a value is ignored. NULL and empty texts become null; of a field whose name ends in {@code ?}, nothing.
 * The result is NULL if a value is not of its type.
 *
 * <p>Plain SQL would cast every field twice: once to check it, once for its value.
 */
public final class TypedJson extends ScalarFunction {

    private static final long serialVersionUID = 1L;

    private static final JsonFactory JSON = new JsonFactory();

    private enum Type {
        BIGINT,
        DOUBLE,
        TIMESTAMP,
        STRING
    }

    private transient String fields;
    private transient String[] names;
    private transient boolean[] optional;
    private transient List<Type> types;
    private transient ZoneId[] zones;
    private transient List<Map<String, String>> codes;

    /**
     * Returns the object, or NULL.
     *
     * @param fields names and types of the values: a literal
     */
    @Nullable
    public byte[] eval(String fields, String... values) {
        if (!fields.equals(this.fields)) {
            declare(fields);
        }
        return object(types, codes, values);
    }

    /** An object with the fields of the last call, and these values as they are. */
    byte[] texts(String... values) {
        int size = names.length;
        return object(Collections.nCopies(size, Type.STRING), Collections.nCopies(size, Map.of()), values);
    }

    @Nullable
    private byte[] object(List<Type> as, List<Map<String, String>> codesOf, String... values) {
        ByteArrayOutputStream object = new ByteArrayOutputStream(512);
        try (JsonGenerator json = JSON.createGenerator(object)) {
            json.writeStartObject();
            for (int field = 0; field < names.length; field++) {
                String value = text(values[field], codesOf.get(field));
                if (!value.isEmpty() || !optional[field]) {
                    json.writeFieldName(names[field]);
                    write(json, as.get(field), zones[field], value);
                }
            }
            json.writeEndObject();
        } catch (NumberFormatException notOfItsType) {
            return null;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return object.toByteArray();
    }

    private void declare(String declared) {
        // Name, type, and what may follow it.
        String[][] parts =
                Arrays.stream(declared.split(",")).map(field -> field.trim().split(" ", 3)).toArray(String[][]::new);
        names = Arrays.stream(parts).map(part -> part[0].replace("?", "")).toArray(String[]::new);
        types = Arrays.stream(parts).map(part -> Type.valueOf(part[1])).collect(Collectors.toList());
        optional = new boolean[parts.length];
        zones = new ZoneId[parts.length];
        codes = new ArrayList<>();
        for (int field = 0; field < parts.length; field++) {
            boolean plain = parts[field].length < 3;
            optional[field] = parts[field][0].endsWith("?");
            zones[field] = plain || types.get(field) != Type.TIMESTAMP ? ZoneOffset.UTC : ZoneId.of(parts[field][2]);
            codes.add(plain || types.get(field) == Type.TIMESTAMP ? Map.of() : codes(parts[field][2]));
        }
        fields = declared;
    }

    private static Map<String, String> codes(String declared) {
        return Arrays.stream(declared.split("\\|"))
                .map(code -> code.split("="))
                .collect(Collectors.toMap(code -> code[0], code -> code[1]));
    }

    private static String text(@Nullable String value, Map<String, String> codes) {
        String text = value == null ? "" : value.trim();
        return codes.isEmpty() ? text : codes.getOrDefault(text.toUpperCase(Locale.ROOT), text);
    }

    private static void write(JsonGenerator json, Type type, ZoneId zone, String value) throws IOException {
        if (value.isEmpty()) {
            json.writeNull();
            return;
        }
        switch (type) {
            case BIGINT:
                json.writeNumber(Long.parseLong(value.endsWith(".0") ? value.substring(0, value.length() - 2) : value));
                break;
            case DOUBLE:
                json.writeNumber(finite(value));
                break;
            case TIMESTAMP:
                json.writeNumber(millis(value, zone));
                break;
            default:
                json.writeString(value);
        }
    }

    private static double finite(String value) {
        double number = Double.parseDouble(value);
        // Java also reads the literals of its own language: 1d, NaN.
        if (Double.isInfinite(number) || Character.isLetter(value.charAt(value.length() - 1))) {
            throw new NumberFormatException(value);
        }
        return number;
    }

    private static long millis(String value, ZoneId zone) {
        long millis = EpochMillis.parse(value, zone);
        if (millis == EpochMillis.NONE) {
            throw new NumberFormatException(value);
        }
        return millis;
    }
}
