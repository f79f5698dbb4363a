package flinkscenarios.opensearch;

import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.factories.DynamicTableSinkFactory;
import org.apache.flink.table.factories.FactoryUtil;

/**
 * Table sink {@code opensearch-signed}: documents into Amazon OpenSearch Service, or any other OpenSearch.
 *
 * <pre>{@code
 * CREATE TABLE documents (trip_id BIGINT, type STRING, `raw` BYTES) WITH (
 *   'connector' = 'opensearch-signed', 'endpoint' = 'https://…es.amazonaws.com', 'region' = 'us-east-1',
 *   'index-column' = 'type', 'id-column' = 'trip_id', 'document-column' = 'raw')
 * }</pre>
 *
 * <p>Requests are signed; a document that OpenSearch refuses is kept in an index of its own ({@link RejectedDocument})
 * instead of restarting the job for ever; and what may pass is tried again.
 *
 * <p>Delivery is at least once: a checkpoint completes when OpenSearch has answered for all documents before it. With
 * {@code id-column} a repeated document replaces itself, which makes it exactly once, and the table takes updates and
 * deletions too; declare the column as the primary key then, so that the changes of a row stay in order. Without it
 * OpenSearch makes the ids, and a restart repeats the documents since the last checkpoint.
 *
 * <p>The document of a column is sent byte for byte; but line breaks between its tokens become blanks, and one with a
 * line break elsewhere is kept as a rejected document.
 */
public final class OpenSearchTableFactory implements DynamicTableSinkFactory {

    @Override
    public String factoryIdentifier() {
        return "opensearch-signed";
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return OpenSearchOptions.REQUIRED;
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return OpenSearchOptions.OPTIONAL;
    }

    @Override
    public DynamicTableSink createDynamicTableSink(Context context) {
        FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
        // Before the helper looks at the values: its messages name neither the value nor the rule.
        OpenSearchOptions options = OpenSearchOptions.from(helper.getOptions());
        helper.validate();
        DocumentColumns columns = DocumentColumns.from(helper.getOptions(), context.getPhysicalRowDataType());
        return new OpenSearchTableSink(options, columns, context);
    }
}
