package flinkscenarios.tick;

import java.util.List;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.table.api.DataTypes;
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
 * <p>Each row is the slice {@code [start_millis, end_millis)} of a time line that starts at 0 when the job first starts.
 * Rows are consecutive, without gaps or repeats, and each comes when its slice has passed on the wall clock. What a job
 * makes of a slice is thus a function of the slice alone, and the position in the checkpoint is all there is to keep;
 * the time at which it was due is beside it for {@code catch-up-downtime}.
 *
 * <p>Other sources either run free, or pace without keeping a position, or hold their whole range in memory.
 */
public final class TickTableFactory implements DynamicTableSourceFactory {

    private static final List<String> COLUMNS = List.of("start_millis", "end_millis");

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
        validateColumns(context.getPhysicalRowDataType());
        return new TickTableSource(options);
    }

    private static void validateColumns(DataType row) {
        RowType type = (RowType) row.getLogicalType();
        boolean fits =
                type.getFieldNames().equals(COLUMNS)
                        && type.getChildren().stream()
                                .allMatch(column -> column.copy(true).equals(DataTypes.BIGINT().getLogicalType()));
        if (!fits) {
            throw new ValidationException(
                    String.format(
                            "the columns of a 'tick' table must be start_millis BIGINT, end_millis BIGINT (got %s);"
                                    + " declare just these two, in this order",
                            type.asSummaryString()));
        }
    }
}
