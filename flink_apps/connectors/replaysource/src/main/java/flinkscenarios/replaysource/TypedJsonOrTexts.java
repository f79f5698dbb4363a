package flinkscenarios.replaysource;

import javax.annotation.Nullable;
import org.apache.flink.table.functions.ScalarFunction;

/**
 * {@link TypedJson}, but an object of the texts as they are where one of them is not of its type: for rows that have no
 * line to pass on. COALESCE would make both objects of every row.
 */
public final class TypedJsonOrTexts extends ScalarFunction {

    private static final long serialVersionUID = 1L;

    private final TypedJson typed = new TypedJson();

    /** Returns the object. */
    @Nullable
    public byte[] eval(String fields, String... values) {
        byte[] object = typed.eval(fields, values);
        return object == null ? typed.texts(values) : object;
    }
}
