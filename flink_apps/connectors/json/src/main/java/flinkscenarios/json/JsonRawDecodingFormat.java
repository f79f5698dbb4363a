package flinkscenarios.json;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.Projection;
import org.apache.flink.table.connector.format.ProjectableDecodingFormat;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DynamicTableFactory;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.VarBinaryType;
import org.apache.flink.table.types.logical.VarCharType;

/**
 * Gives a source the {@link JsonRawDeserializationSchema} for the columns that a query reads.
 *
 * <p>It finds the produced columns by their names: a connector may pass a projection, or columns already projected.
 */
final class JsonRawDecodingFormat implements ProjectableDecodingFormat<DeserializationSchema<RowData>> {

    private static final LogicalType BYTES = new VarBinaryType(VarBinaryType.MAX_LENGTH);

    private final JsonRawOptions options;
    private final Map<String, JsonColumn.Kind> kinds;

    private JsonRawDecodingFormat(JsonRawOptions options, Map<String, JsonColumn.Kind> kinds) {
        this.options = options;
        this.kinds = kinds;
    }

    /**
     * Checks the columns of a table.
     *
     * @throws ValidationException in one line: the column, its rule, what it is, the fix
     */
    static JsonRawDecodingFormat of(DynamicTableFactory.Context context, JsonRawOptions options) {
        Map<String, String> table = context.getCatalogTable().getOptions();
        if ("json-raw".equals(table.get("key.format"))) {
            throw new ValidationException(
                    "'key.format' must be the format of a key (got json-raw);"
                            + " write 'raw', and json-raw as 'value.format'");
        }
        RowType row = (RowType) context.getPhysicalRowDataType().getLogicalType();
        requireColumn(row, options.rawColumn(), BYTES, "BYTES");
        requireColumn(row, options.errorColumn(), VarCharType.STRING_TYPE, "STRING");
        if (row.getFieldIndex(options.errorCodeColumn()) >= 0) {
            requireColumn(row, options.errorCodeColumn(), VarCharType.STRING_TYPE, "STRING");
        }
        Set<String> others = new HashSet<>(columnsOutsideTheValue(table));
        others.addAll(List.of(options.rawColumn(), options.errorColumn(), options.errorCodeColumn()));
        Map<String, JsonColumn.Kind> kinds = new LinkedHashMap<>();
        for (RowType.RowField field : row.getFields()) {
            String name = field.getName();
            if (!others.contains(name)) {
                kinds.put(name, kind(field));
            }
        }
        for (String name : options.optionalColumns()) {
            if (!kinds.containsKey(name)) {
                throw new ValidationException(
                        String.format(
                                "'%s' must name columns that are fields (got %s); known are %s",
                                JsonRawOptions.OPTIONAL_COLUMNS.key(), name, String.join(", ", kinds.keySet())));
            }
        }
        return new JsonRawDecodingFormat(options, kinds);
    }

    @Override
    public DeserializationSchema<RowData> createRuntimeDecoder(
            DynamicTableSource.Context context, DataType physical, int[][] projections) {
        DataType produced = Projection.of(projections).project(physical);
        List<String> names = DataType.getFieldNames(produced);
        List<JsonColumn> columns =
                kinds.entrySet().stream()
                        .map(field -> column(field.getKey(), field.getValue(), names))
                        .collect(Collectors.toList());
        return new JsonRawDeserializationSchema(
                columns,
                options.maxBytes(),
                names.size(),
                names.indexOf(options.rawColumn()),
                names.indexOf(options.errorColumn()),
                names.indexOf(options.errorCodeColumn()),
                context.createTypeInformation(produced));
    }

    private JsonColumn column(String name, JsonColumn.Kind kind, List<String> produced) {
        return new JsonColumn(name, kind, options.optionalColumns().contains(name), produced.indexOf(name));
    }

    @Override
    public ChangelogMode getChangelogMode() {
        return ChangelogMode.insertOnly();
    }

    /** With Kafka's EXCEPT_KEY, the columns of the key are no fields of the value. */
    private static List<String> columnsOutsideTheValue(Map<String, String> table) {
        boolean exceptKey = "EXCEPT_KEY".equalsIgnoreCase(table.get("value.fields-include"));
        return exceptKey ? List.of(table.getOrDefault("key.fields", "").split(";")) : List.of();
    }

    private static void requireColumn(RowType row, String name, LogicalType type, String typeName) {
        int position = row.getFieldIndex(name);
        if (position < 0 || !row.getTypeAt(position).equals(type)) {
            throw new ValidationException(
                    String.format(
                            "a table with the format 'json-raw' must have the column `%s` %s, nullable (got %s);"
                                    + " declare it",
                            name, typeName, row.asSummaryString()));
        }
    }

    private static JsonColumn.Kind kind(RowType.RowField field) {
        LogicalType type = field.getType();
        if (!type.isNullable()) {
            throw new ValidationException(
                    String.format(
                            "column '%s' must be nullable (got %s): a bad record has no columns; leave out NOT NULL",
                            field.getName(), type.asSummaryString()));
        }
        return JsonColumn.Kind.of(type)
                .orElseThrow(
                        () ->
                                new ValidationException(
                                        String.format(
                                                "column '%s' must be one of %s (got %s); declare it as one of them,"
                                                        + " and convert it in the query",
                                                field.getName(), JsonColumn.Kind.names(), type.asSummaryString())));
    }
}
