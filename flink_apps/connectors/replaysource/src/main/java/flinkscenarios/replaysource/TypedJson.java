package flinkscenarios.replaysource;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Arrays;
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
 * {@code TIMESTAMP America/New_York}: that of times without an offset, by default UTC. White space around a value is
 * ignored. NULL and empty texts become null; of a field whose name ends in {@code ?}, nothing. The result is NULL if a
 * value is not of its type.
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
    private transient Type[] types;
    private transient ZoneId[] zones;

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
        ByteArrayOutputStream object = new ByteArrayOutputStream(512);
        try (JsonGenerator json = JSON.createGenerator(object)) {
            json.writeStartObject();
            for (int field = 0; field < names.length; field++) {
                String value = values[field] == null ? "" : values[field].trim();
                if (!value.isEmpty() || !optional[field]) {
                    json.writeFieldName(names[field]);
                    write(json, types[field], zones[field], value);
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
        String[][] parts =
                Arrays.stream(declared.split(",")).map(field -> field.trim().split(" ")).toArray(String[][]::new);
        names = Arrays.stream(parts).map(part -> part[0].replace("?", "")).toArray(String[]::new);
        optional = new boolean[parts.length];
        for (int field = 0; field < parts.length; field++) {
            optional[field] = parts[field][0].endsWith("?");
        }
        types = Arrays.stream(parts).map(part -> Type.valueOf(part[1])).toArray(Type[]::new);
        zones =
                Arrays.stream(parts)
                        .map(part -> part.length > 2 ? ZoneId.of(part[2]) : ZoneOffset.UTC)
                        .toArray(ZoneId[]::new);
        fields = declared;
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
