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
 * <p>Requests are signed, and repeated while they are retryable. A document that OpenSearch refuses does not restart
 * the job for ever: it is stored in an index of its own ({@link RejectedDocument}).
 *
 * <p>Delivery is at least once: a checkpoint completes when all documents before it are complete. With
 * {@code id-column}, a repeated document replaces itself, so delivery is exactly once; and the table takes updates and
 * deletions, too. Then the primary key has to have this column, and that of {@code index-column}: the changes of a row
 * stay in order, and a row whose index changes leaves no document behind. Without it OpenSearch generates the ids, and a
 * restart repeats the documents since the last checkpoint.
 *
 * <p>The document of a column is sent byte for byte, but line breaks between its tokens become blanks. A document with
 * a line break elsewhere is stored as a rejected one.
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
