package flinkscenarios.replaysource;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.connector.source.ScanTableSource;
import org.apache.flink.table.connector.source.SourceProvider;
import org.apache.flink.table.connector.source.abilities.SupportsReadingMetadata;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.DataType;

/** Adds a {@link ReplaySource} to a table plan, always at parallelism 1: there is one time line. */
final class ReplayTableSource implements ScanTableSource, SupportsReadingMetadata {

    static final String LINE = "line";

    private final ReplayOptions options;
    private final DataType columns;
    private final RowTime rowTime;

    private List<String> metadata = List.of();

    ReplayTableSource(ReplayOptions options, DataType columns, RowTime rowTime) {
        this.options = options;
        this.columns = columns;
        this.rowTime = rowTime;
    }

    @Override
    public ChangelogMode getChangelogMode() {
        return ChangelogMode.insertOnly();
    }

    /** In the order in which they follow the physical columns: first the line, then those of the replay. */
    @Override
    public Map<String, DataType> listReadableMetadata() {
        Map<String, DataType> readable = new LinkedHashMap<>();
        if (options.format() != ReplayOptions.FileFormat.PARQUET) {
            readable.put(LINE, DataTypes.BYTES().notNull());
        }
        readable.putAll(MetadataColumns.types());
        return readable;
    }

    @Override
    public void applyReadableMetadata(List<String> metadataKeys, DataType producedDataType) {
        metadata = List.copyOf(metadataKeys);
    }

    @Override
    public ScanRuntimeProvider getScanRuntimeProvider(ScanContext context) {
        requireWatermarkColumn();
        boolean withLine = metadata.contains(LINE);
        DataType read = withLine ? DataTypes.ROW(withLineOf(columns)).notNull() : columns;
        TypeInformation<RowData> type = context.createTypeInformation(read);
        ReplayFormat format = new ReplayFormat(options, DataType.getFieldNames(columns), withLine, type);
        MetadataColumns added = new MetadataColumns(metadata, DataType.getFieldCount(read), withLine);
        return SourceProvider.of(new ReplaySource(options, format, rowTime, added, type), 1);
    }

    /** Without the column a query could not distinguish watermarks from empty rows. */
    private void requireWatermarkColumn() {
        if (!options.watermarkInterval().isZero() && !metadata.contains(MetadataColumns.WATERMARK)) {
            throw new ValidationException(
                    String.format(
                            "'%s' must be 0 s where the metadata column %s is not read (got %d s);"
                                    + " declare it as TIMESTAMP_LTZ(3) METADATA VIRTUAL, and read it",
                            ReplayOptions.WATERMARK_INTERVAL.key(),
                            MetadataColumns.WATERMARK,
                            options.watermarkInterval().toSeconds()));
        }
    }

    private static List<DataTypes.Field> withLineOf(DataType columns) {
        List<DataTypes.Field> fields = new ArrayList<>(DataType.getFields(columns));
        fields.add(DataTypes.FIELD(LINE, DataTypes.BYTES()));
        return fields;
    }

    @Override
    public DynamicTableSource copy() {
        ReplayTableSource copy = new ReplayTableSource(options, columns, rowTime);
        copy.metadata = metadata;
        return copy;
    }

    @Override
    public String asSummaryString() {
        return "replay";
    }
}
