package flinkscenarios.functions;

import javax.annotation.Nullable;
import org.apache.flink.table.functions.ScalarFunction;

/**
 * {@code once(value)} gives the value as it is, worked out once for each row.
 *
 * <p>Where a query refers to a column several times, the planner writes the column's expression into each place. It does
 * not do so with what may be another value each time.
 */
public final class Once extends ScalarFunction {

    private static final long serialVersionUID = 1L;

    /** The text. */
    @Nullable
    public String eval(@Nullable String value) {
        return value;
    }

    @Override
    public boolean isDeterministic() {
        return false;
    }
}
