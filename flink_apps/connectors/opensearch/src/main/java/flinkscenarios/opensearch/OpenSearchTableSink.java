package flinkscenarios.opensearch;

import java.util.List;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.formats.json.JsonFormatFactory;
import org.apache.flink.formats.json.JsonFormatOptions;
import org.apache.flink.table.catalog.UniqueConstraint;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.sink.SinkV2Provider;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DynamicTableFactory;
import org.apache.flink.table.types.DataType;
import org.apache.flink.types.RowKind;

/** Adds an {@link OpenSearchSink} to a table plan. */
final class OpenSearchTableSink implements DynamicTableSink {

    private final OpenSearchOptions options;
    private final DocumentColumns columns;
    private final DynamicTableFactory.Context table;

    OpenSearchTableSink(OpenSearchOptions options, DocumentColumns columns, DynamicTableFactory.Context table) {
        this.options = options;
        this.columns = columns;
        this.table = table;
    }

    @Override
    public ChangelogMode getChangelogMode(ChangelogMode requestedMode) {
        if (!columns.hasId()) {
            return ChangelogMode.insertOnly();
        }
        if (!requestedMode.containsOnly(RowKind.INSERT)) {
            DocumentColumns.checkKey(Configuration.fromMap(table.getCatalogTable().getOptions()), primaryKey());
        }
        // The row before an update is not needed: index and id identify the document. Flink passes it on all the same
        // where the primary key has more than the columns that identify the row.
        ChangelogMode.Builder mode = ChangelogMode.newBuilder();
        requestedMode.getContainedKinds().stream()
                .filter(kind -> kind != RowKind.UPDATE_BEFORE)
                .forEach(mode::addContainedKind);
        return mode.build();
    }

    @Override
    public SinkRuntimeProvider getSinkRuntimeProvider(Context context) {
        RowDocument document =
                columns.hasDocument()
                        ? RowDocument.ofColumn(columns)
                        : RowDocument.ofFields(columns, encoder(context));
        RowActions rowActions = new RowActions(columns, document, options.rejectedIndex());
        return SinkV2Provider.of(new OpenSearchSink(options, rowActions), options.parallelism());
    }

    @Override
    public DynamicTableSink copy() {
        return new OpenSearchTableSink(options, columns, table);
    }

    @Override
    public String asSummaryString() {
        return "opensearch-signed";
    }

    private List<String> primaryKey() {
        return table.getCatalogTable()
                .getResolvedSchema()
                .getPrimaryKey()
                .map(UniqueConstraint::getColumns)
                .orElse(List.of());
    }

    /** Flink's JSON, with the timestamps that OpenSearch's date fields understand. */
    private SerializationSchema<RowData> encoder(Context context) {
        Configuration json = new Configuration();
        json.set(JsonFormatOptions.TIMESTAMP_FORMAT, "ISO-8601");
        json.set(JsonFormatOptions.ENCODE_DECIMAL_AS_PLAIN_NUMBER, true);
        json.set(JsonFormatOptions.MAP_NULL_KEY_MODE, "LITERAL");
        DataType fields = columns.fields().project(table.getPhysicalRowDataType());
        return new JsonFormatFactory().createEncodingFormat(table, json).createRuntimeEncoder(context, fields);
    }
}
