package flinkscenarios.opensearch;

import static flinkscenarios.options.OptionChecks.column;
import static flinkscenarios.options.OptionChecks.invalid;
import static org.apache.flink.table.types.logical.LogicalTypeRoot.BIGINT;
import static org.apache.flink.table.types.logical.LogicalTypeRoot.BINARY;
import static org.apache.flink.table.types.logical.LogicalTypeRoot.CHAR;
import static org.apache.flink.table.types.logical.LogicalTypeRoot.INTEGER;
import static org.apache.flink.table.types.logical.LogicalTypeRoot.VARBINARY;
import static org.apache.flink.table.types.logical.LogicalTypeRoot.VARCHAR;

import java.io.Serializable;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.annotation.Nullable;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.connector.Projection;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.RowType;

/** Finds the index, the id and the document in the columns of a row. */
final class DocumentColumns implements Serializable {

    private static final long serialVersionUID = 1L;
    private static final int NONE = -1;
    private static final Set<LogicalTypeRoot> STRING = Set.of(CHAR, VARCHAR);

    @Nullable private final String fixedIndex;
    private final int indexColumn;
    private final int idColumn;
    @Nullable private final RowData.FieldGetter idGetter;
    private final int documentColumn;
    private final int[] fields;

    private DocumentColumns(ReadableConfig config, RowType row) {
        fixedIndex = config.get(OpenSearchOptions.INDEX);
        indexColumn = columnOrNone(config, OpenSearchOptions.INDEX_COLUMN, row, STRING, "STRING");
        Set<LogicalTypeRoot> ids = Set.of(CHAR, VARCHAR, BIGINT, INTEGER);
        idColumn = columnOrNone(config, OpenSearchOptions.ID_COLUMN, row, ids, "STRING, BIGINT or INT");
        idGetter = idColumn == NONE ? null : RowData.createFieldGetter(row.getTypeAt(idColumn), idColumn);
        documentColumn =
                columnOrNone(config, OpenSearchOptions.DOCUMENT_COLUMN, row, Set.of(BINARY, VARBINARY), "BYTES");
        fields =
                IntStream.range(0, row.getFieldCount())
                        .filter(column -> column != indexColumn && column != idColumn)
                        .toArray();
    }

    /** Finds the columns that the options name, and checks their types. */
    static DocumentColumns from(ReadableConfig config, DataType row) {
        return new DocumentColumns(config, (RowType) row.getLogicalType());
    }

    /**
     * Checks the primary key of a table that takes updates and deletions. What an update replaces is found by its index
     * and id: if one of them can change under the same key, the old document stays.
     */
    static void checkKey(ReadableConfig config, List<String> key) {
        List<String> needed =
                Stream.of(OpenSearchOptions.ID_COLUMN, OpenSearchOptions.INDEX_COLUMN)
                        .map(config::get)
                        .filter(Objects::nonNull)
                        .collect(Collectors.toList());
        for (ConfigOption<String> option : List.of(OpenSearchOptions.ID_COLUMN, OpenSearchOptions.INDEX_COLUMN)) {
            if (config.get(option) != null && !key.contains(config.get(option))) {
                String example = "PRIMARY KEY (" + String.join(", ", needed) + ") NOT ENFORCED";
                throw invalid(config, option, "name a column of the primary key where rows are updated", example);
            }
        }
    }

    boolean hasIndex() {
        return indexColumn != NONE;
    }

    boolean hasId() {
        return idColumn != NONE;
    }

    /** Whether a column has the whole document. */
    boolean hasDocument() {
        return documentColumn != NONE;
    }

    /** The columns that are the fields of the document, if no column has the whole of it. */
    Projection fields() {
        return Projection.of(fields);
    }

    /** The name of the row's index; null if the column is NULL. */
    @Nullable
    String index(RowData row) {
        if (indexColumn == NONE) {
            return fixedIndex;
        }
        return row.isNullAt(indexColumn) ? null : row.getString(indexColumn).toString();
    }

    /** The id of the row's document; null if the table has no such column, or it is NULL. */
    @Nullable
    String id(RowData row) {
        Object id = idGetter == null ? null : idGetter.getFieldOrNull(row);
        return id == null ? null : id.toString();
    }

    /** The row's document; null if the column is NULL. */
    @Nullable
    byte[] document(RowData row) {
        return row.isNullAt(documentColumn) ? null : row.getBinary(documentColumn);
    }

    private static int columnOrNone(
            ReadableConfig config,
            ConfigOption<String> option,
            RowType row,
            Set<LogicalTypeRoot> types,
            String typeNames) {
        return config.get(option) == null
                ? NONE
                : column(config, option, row, type -> types.contains(type.getTypeRoot()), typeNames);
    }
}
