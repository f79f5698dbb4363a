package flinkscenarios.replaysource;

import java.util.Arrays;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.factories.DynamicTableSourceFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;

/**
 * Table source {@code replay}: replays files of records as a stream.
 *
 * <pre>{@code
 * CREATE TABLE trips (dropoff_datetime STRING, trip_id STRING, line BYTES METADATA VIRTUAL)
 *     WITH ('connector' = 'replay', 'path' = 's3://bucket/trips', 'format' = 'json',
 *           'time-attribute' = 'dropoff_datetime', 'speedup' = '6480')
 * }</pre>
 *
 * <p>The source emits rows in the order of their time attribute: the first one at once, each other one when as much
 * time has passed as lies between the two, divided by {@code speedup}. To sort the rows, it reads {@code buffer} of
 * them ahead; the replay starts when the buffer is full or the files end. Rows that are further out of order, and rows
 * whose time is missing or not readable, are emitted as soon as they are read, and counted. Rows before {@code seek}
 * are skipped.
 *
 * <p>A gap between two rows that is longer than {@code gap-limit} is skipped, and counted.
 *
 * <p>The files are {@code json} (one object per line), {@code csv} (with a header) or {@code parquet}; the first two
 * may be compressed with gzip or zstd. The source reads them one after the other in the order of their names, which
 * should be the order of their times. All columns are STRING: the text of the field of this name, or NULL. CSV and
 * Parquet files may have {@code other-names} for columns; those without the {@code needed-columns} are not read. In text
 * files each line is a row, even if it is malformed. The metadata column {@code line} has the bytes of the line, so that
 * a query can pass on what it cannot read. Times of day are those of {@code time-zone}.
 *
 * <p>A file that cannot be read to its end ends where it breaks off. The log names it, and it is counted.
 *
 * <p>The metadata column {@code number} identifies rows: 1 is the first row of the first file.
 *
 * <p>With a {@code watermark-interval}, some rows are watermarks: they have only the metadata columns
 * {@code watermark}, a time, and {@code watermark-key}. No later row has an earlier time, except for those that are
 * counted as out of order and those without a readable time. The last watermark is a millisecond after the last row.
 * Each watermark is one row for each of the {@code watermark-keys}; these rows are consecutive.
 *
 * <p>Memory: the buffer is on the heap, and part of each checkpoint: 100,000 trips as JSON take about 50 MB. Memory
 * does not grow with the files, because they are read no faster than they are replayed.
 */
public final class ReplayTableFactory implements DynamicTableSourceFactory {

    @Override
    public String factoryIdentifier() {
        return "replay";
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Set.of(ReplayOptions.PATH, FactoryUtil.FORMAT, ReplayOptions.TIME_ATTRIBUTE);
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return Set.of(
                ReplayOptions.TIME_ZONE,
                ReplayOptions.OTHER_NAMES,
                ReplayOptions.NEEDED_COLUMNS,
                ReplayOptions.SPEEDUP,
                ReplayOptions.SEEK,
                ReplayOptions.GAP_LIMIT,
                ReplayOptions.BUFFER,
                ReplayOptions.STATISTICS_INTERVAL,
                ReplayOptions.WATERMARK_INTERVAL,
                ReplayOptions.WATERMARK_KEYS,
                ReplayOptions.AT_END);
    }

    @Override
    public DynamicTableSource createDynamicTableSource(Context context) {
        FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
        // Before the helper looks at the values: its messages name neither the value nor the rule.
        ReplayOptions options = ReplayOptions.from(helper.getOptions());
        helper.validate();
        RowType columns = (RowType) context.getPhysicalRowDataType().getLogicalType();
        requireText(columns);
        requireColumn(columns, ReplayOptions.TIME_ATTRIBUTE, options.timeAttribute());
        options.otherNames().values().forEach(name -> requireColumn(columns, ReplayOptions.OTHER_NAMES, name));
        options.neededColumns().stream()
                .flatMap(names -> Arrays.stream(names.split("\\|")))
                .forEach(name -> requireColumn(columns, ReplayOptions.NEEDED_COLUMNS, name));
        RowTime rowTime = new RowTime(columns.getFieldIndex(options.timeAttribute()), options.timeZone());
        return new ReplayTableSource(options, context.getPhysicalRowDataType(), rowTime);
    }

    private static void requireColumn(RowType columns, ConfigOption<?> option, String name) {
        if (columns.getFieldIndex(name) < 0) {
            throw new ValidationException(
                    String.format(
                            "'%s' must name a column of the table (got %s); write one of %s",
                            option.key(), name, String.join(", ", columns.getFieldNames())));
        }
    }

    private static void requireText(RowType columns) {
        LogicalType text = DataTypes.STRING().getLogicalType();
        for (RowType.RowField column : columns.getFields()) {
            if (!column.getType().equals(text)) {
                throw new ValidationException(
                        String.format(
                                "the column %s must be STRING, and nullable (got %s); declare it so,"
                                        + " and cast it in the query",
                                column.getName(), column.getType().asSummaryString()));
            }
        }
    }
}
