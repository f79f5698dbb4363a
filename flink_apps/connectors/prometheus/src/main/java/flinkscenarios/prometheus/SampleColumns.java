package flinkscenarios.prometheus;

import static flinkscenarios.options.OptionChecks.column;
import static org.apache.flink.table.types.logical.LogicalTypeRoot.BIGINT;
import static org.apache.flink.table.types.logical.LogicalTypeRoot.CHAR;
import static org.apache.flink.table.types.logical.LogicalTypeRoot.DOUBLE;
import static org.apache.flink.table.types.logical.LogicalTypeRoot.TIMESTAMP_WITH_LOCAL_TIME_ZONE;
import static org.apache.flink.table.types.logical.LogicalTypeRoot.VARCHAR;

import java.util.Set;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.connector.base.sink.writer.ElementConverter;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.MapData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LocalZonedTimestampType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.MapType;
import org.apache.flink.table.types.logical.RowType;

/** Converts rows to samples: finds the name, the labels, the value and the time in their columns. */
final class SampleColumns implements ElementConverter<RowData, Sample> {

    private static final long serialVersionUID = 1L;
    private static final int MILLISECONDS = -1;
    private static final Set<LogicalTypeRoot> STRING = Set.of(CHAR, VARCHAR);

    private final int nameColumn;
    private final int labelsColumn;
    private final int valueColumn;
    private final int timestampColumn;
    private final int timestampPrecision;
    private final NameValidation names;

    private SampleColumns(ReadableConfig config, RowType row) {
        names = PrometheusOptions.nameValidation(config);
        nameColumn = column(config, PrometheusOptions.METRIC_NAME_COLUMN, row, SampleColumns::isString, "STRING");
        labelsColumn =
                column(config, PrometheusOptions.LABELS_COLUMN, row, SampleColumns::areLabels, "MAP<STRING, STRING>");
        valueColumn = column(config, PrometheusOptions.VALUE_COLUMN, row, type -> type.is(DOUBLE), "DOUBLE");
        timestampColumn =
                column(
                        config,
                        PrometheusOptions.TIMESTAMP_COLUMN,
                        row,
                        type -> type.is(BIGINT) || type.is(TIMESTAMP_WITH_LOCAL_TIME_ZONE),
                        "BIGINT (milliseconds) or TIMESTAMP_LTZ(3)");
        LogicalType timestamp = row.getTypeAt(timestampColumn);
        timestampPrecision =
                timestamp.is(BIGINT) ? MILLISECONDS : ((LocalZonedTimestampType) timestamp).getPrecision();
    }

    /** Finds the columns that the options name, and checks their types. */
    static SampleColumns from(ReadableConfig config, DataType row) {
        return new SampleColumns(config, (RowType) row.getLogicalType());
    }

    /**
     * Returns the row's sample.
     *
     * @throws IllegalSampleException a name is illegal, a part is missing, or the sample is too large
     */
    @Override
    public Sample apply(RowData row, SinkWriter.Context context) {
        byte[] name = present(row, nameColumn, "metric name").getString(nameColumn).toBytes();
        MapData map = row.isNullAt(labelsColumn) ? null : row.getMap(labelsColumn);
        double value = present(row, valueColumn, "value").getDouble(valueColumn);
        Sample sample = new Sample(SeriesLabels.encode(name, map, names), value, millis(row));
        if (sample.size() > Sample.MAX_BYTES) {
            String rule = "have at most " + Sample.MAX_BYTES + " bytes";
            throw IllegalSampleException.of("sample", rule, String.valueOf(sample.size()), "cut its labels");
        }
        return sample;
    }

    /**
     * Returns a hash of the row's series. It depends neither on the order of the labels nor on those without a value,
     * which are not part of a series: see {@link SeriesLabels}.
     */
    int series(RowData row) {
        int hash = row.isNullAt(nameColumn) ? 0 : row.getString(nameColumn).hashCode();
        if (!row.isNullAt(labelsColumn)) {
            MapData labels = row.getMap(labelsColumn);
            ArrayData names = labels.keyArray();
            ArrayData values = labels.valueArray();
            for (int i = 0; i < labels.size(); i++) {
                if (!SeriesLabels.isEmpty(values, i)) {
                    int name = names.isNullAt(i) ? 0 : names.getString(i).hashCode();
                    hash += name ^ 31 * values.getString(i).hashCode();
                }
            }
        }
        return hash;
    }

    private long millis(RowData row) {
        present(row, timestampColumn, "timestamp");
        return timestampPrecision == MILLISECONDS
                ? row.getLong(timestampColumn)
                : row.getTimestamp(timestampColumn, timestampPrecision).getMillisecond();
    }

    private static RowData present(RowData row, int column, String part) {
        if (row.isNullAt(column)) {
            throw IllegalSampleException.of(part, "be set", "NULL", "leave such rows out");
        }
        return row;
    }

    private static boolean isString(LogicalType type) {
        return STRING.contains(type.getTypeRoot());
    }

    private static boolean areLabels(LogicalType type) {
        return type instanceof MapType
                && isString(((MapType) type).getKeyType())
                && isString(((MapType) type).getValueType());
    }
}
