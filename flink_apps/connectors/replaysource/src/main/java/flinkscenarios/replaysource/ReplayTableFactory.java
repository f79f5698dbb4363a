package flinkscenarios.replaysource;

import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.connector.file.src.FileSourceSplit;
import org.apache.flink.connector.file.src.reader.BulkFormat;
import org.apache.flink.connector.file.table.factories.BulkReaderFormatFactory;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.format.DecodingFormat;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DynamicTableSourceFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;

/**
 * Table source {@code replay}: files of records as the stream that they once were.
 *
 * <pre>{@code
 * CREATE TABLE trips (dropoff_datetime STRING, trip_id STRING, line BYTES METADATA VIRTUAL)
 *     WITH ('connector' = 'replay', 'path' = 's3://bucket/trips', 'format' = 'json',
 *           'time-attribute' = 'dropoff_datetime', 'speedup' = '6480')
 * }</pre>
 *
 * <p>Rows come in the order of their time attribute, each when its time is due: the first one at once, every other
 * one as much later as its time is, divided by {@code speedup}. To be sorted, rows are read ahead, {@code buffer} of
 * them; the replay begins when so many have been read or the files are at their end. A row that is further out of
 * order is released as soon as it is read, and counted; so is one whose time is missing or cannot be read. Only rows
 * from before {@code seek} are left out.
 *
 * <p>The files are {@code json} (an object a line), {@code csv} (with a header) or {@code parquet}; the first two may
 * be compressed by gzip or zstd. They are read one after the other in the order of their names, so the names should
 * tell the order of the times. In text files every line is a row, whatever is in it. Their columns are STRING: the
 * text of the fields of these names, NULL where there is none; the metadata column {@code line} has the very bytes.
 * So a query can pass on what it cannot read. Columns of Parquet files have the types that they have there.
 *
 * <p>The metadata column {@code number} tells rows apart: 1 is the first row of the first file.
 *
 * <p>With a {@code watermark-interval} there are watermarks among the rows: rows with nothing in them but the metadata
 * columns {@code watermark}, a time, and {@code watermark-key}. No row that follows is of an earlier time than a
 * watermark's, but for those that are counted as out of order and those whose time cannot be read. One more comes at
 * the end, a millisecond after the last row. Each watermark is a row for each of the {@code watermark-keys}, one
 * directly after the other.
 *
 * <p>Memory: the buffer is held on the heap, and is part of each checkpoint: 100,000 trips as JSON, some 50 MB. Beyond
 * that nothing grows with the files, for they are read no faster than they are replayed.
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
                ReplayOptions.SPEEDUP,
                ReplayOptions.SEEK,
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
        DataType columns = context.getPhysicalRowDataType();
        RowTime rowTime = RowTime.of((RowType) columns.getLogicalType(), options.timeAttribute());
        DecodingFormat<BulkFormat<RowData, FileSourceSplit>> decodingFormat = null;
        if (options.format() == ReplayOptions.FileFormat.PARQUET) {
            decodingFormat = helper.discoverDecodingFormat(BulkReaderFormatFactory.class, FactoryUtil.FORMAT);
        } else {
            requireText((RowType) columns.getLogicalType());
        }
        helper.validate();
        return new ReplayTableSource(options, columns, rowTime, decodingFormat);
    }

    private static void requireText(RowType columns) {
        LogicalType text = DataTypes.STRING().getLogicalType();
        for (RowType.RowField column : columns.getFields()) {
            if (!column.getType().equals(text)) {
                throw new ValidationException(
                        String.format(
                                "the column %s of a text file must be STRING, and nullable (got %s); declare it so,"
                                        + " and cast it in the query",
                                column.getName(), column.getType().asSummaryString()));
            }
        }
    }
}
