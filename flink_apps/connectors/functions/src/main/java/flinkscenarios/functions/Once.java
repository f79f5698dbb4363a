package flinkscenarios.functions;

import javax.annotation.Nullable;
import org.apache.flink.table.functions.ScalarFunction;

/**
 * {@code once(value)} returns the value unchanged, evaluated once for each row.
 *
 * <p>If a query refers to a column several times, the planner copies the column's expression to each place. It does not
 * copy a function that is not deterministic.
 */
public final class Once extends ScalarFunction {

    private static final long serialVersionUID = 1L;

    /** Returns the text. */
    @Nullable
    public String eval(@Nullable String value) {
        return value;
    }

    @Override
    public boolean isDeterministic() {
        return false;
    }
}
