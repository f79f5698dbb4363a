package flinkscenarios.parquet;

import java.util.Set;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.connector.file.table.factories.BulkWriterFormatFactory;
import org.apache.flink.formats.parquet.ParquetFileFormatFactory;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.format.EncodingFormat;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DynamicTableFactory;
import org.apache.flink.table.runtime.typeutils.RowDataSerializer;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;

/**
 * Format {@code buffered-parquet} of the {@code filesystem} sink: Flink's own {@code parquet}, with its options, for a
 * sink that has hundreds of files open.
 *
 * <p>For each row, Parquet's writer accesses the state of every column. If consecutive rows belong to different files,
 * that state has to come from main memory each time. So this format buffers a few rows of each file, and writes them
 * together. It writes the buffered rows before a file is closed, as all files are at each checkpoint.
 */
public final class BufferedParquetFormatFactory implements BulkWriterFormatFactory {

    private final ParquetFileFormatFactory parquet = new ParquetFileFormatFactory();

    @Override
    public String factoryIdentifier() {
        return "buffered-parquet";
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return parquet.requiredOptions();
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return parquet.optionalOptions();
    }

    @Override
    public EncodingFormat<BulkWriter.Factory<RowData>> createEncodingFormat(
            DynamicTableFactory.Context context, ReadableConfig options) {
        EncodingFormat<BulkWriter.Factory<RowData>> format = parquet.createEncodingFormat(context, options);
        return new EncodingFormat<>() {
            @Override
            public BulkWriter.Factory<RowData> createRuntimeEncoder(
                    DynamicTableSink.Context sinkContext, DataType consumed) {
                return new BufferedWriterFactory(
                        format.createRuntimeEncoder(sinkContext, consumed),
                        new RowDataSerializer((RowType) consumed.getLogicalType()));
            }

            @Override
            public ChangelogMode getChangelogMode() {
                return format.getChangelogMode();
            }
        };
    }
}
