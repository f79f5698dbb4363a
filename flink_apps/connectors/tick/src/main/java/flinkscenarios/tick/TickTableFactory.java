package flinkscenarios.tick;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.factories.DynamicTableSourceFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;

/**
 * Table source {@code tick}: the clock of a load generator.
 *
 * <pre>{@code
 * CREATE TABLE ticks (start_millis BIGINT, end_millis BIGINT) WITH ('connector' = 'tick', 'interval' = '20 ms')
 * }</pre>
 *
 * <p>A table may declare a third column, {@code due_millis BIGINT}: the time at which the tick was due by the system
 * clock, in milliseconds since 1970. From tick to tick it grows by the interval or more, even where ticks are late.
 *
 * <p>Each row is the slice {@code [start_millis, end_millis)} of a time line that starts at 0 when the job first
 * starts. Rows are consecutive, without gaps or repeats, and each is emitted when its slice has passed on the wall
 * clock. So the records that a job generates for a slice depend on the slice alone. A checkpoint contains the position
 * on the time line, and for {@code catch-up-downtime} the time at which it was due.
 *
 * <p>Other sources either emit as fast as possible, or have no position in the checkpoint, or hold their whole range in
 * memory.
 */
public final class TickTableFactory implements DynamicTableSourceFactory {

    private static final List<String> SLICE = List.of("start_millis BIGINT", "end_millis BIGINT");
    private static final String DUE = "due_millis BIGINT";

    @Override
    public String factoryIdentifier() {
        return "tick";
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Set.of(TickOptions.INTERVAL);
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return Set.of(TickOptions.CATCH_UP, TickOptions.CATCH_UP_DOWNTIME, TickOptions.TICKS);
    }

    @Override
    public DynamicTableSource createDynamicTableSource(Context context) {
        FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
        // Before the helper looks at the values: its messages name neither the value nor the rule.
        TickOptions options = TickOptions.from(helper.getOptions());
        helper.validate();
        return new TickTableSource(options, hasDue(context.getPhysicalRowDataType()));
    }

    /** Whether there is the third column; refuses any others. */
    private static boolean hasDue(DataType row) {
        List<String> columns =
                ((RowType) row.getLogicalType())
                        .getFields().stream()
                                .map(field -> field.getName() + " " + field.getType().copy(true).asSummaryString())
                                .collect(Collectors.toList());
        boolean hasDue = columns.equals(List.of(SLICE.get(0), SLICE.get(1), DUE));
        if (!hasDue && !columns.equals(SLICE)) {
            throw new ValidationException(
                    String.format(
                            "the columns of a 'tick' table must be %s, and perhaps %s (got %s); declare just these, in"
                                    + " this order",
                            String.join(", ", SLICE), DUE, String.join(", ", columns)));
        }
        return hasDue;
    }
}
