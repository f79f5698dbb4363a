package flinkscenarios.opensearch;

import java.io.IOException;
import java.io.Serializable;
import javax.annotation.Nullable;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.utils.ProjectedRowData;
import org.apache.flink.util.SimpleUserCodeClassLoader;
import org.apache.flink.util.UserCodeClassLoader;
import org.opensearch.common.xcontent.json.JsonXContent;
import org.opensearch.core.xcontent.DeprecationHandler;
import org.opensearch.core.xcontent.NamedXContentRegistry;
import org.opensearch.core.xcontent.XContentParser;

/** Makes the document of a row. */
abstract class RowDocument implements Serializable {

    private static final long serialVersionUID = 1L;

    /** The document is in a column. */
    static RowDocument ofColumn(DocumentColumns columns) {
        return new OfColumn(columns);
    }

    /** The document is made of columns, by {@code encoder}, which knows just them. */
    static RowDocument ofFields(DocumentColumns columns, SerializationSchema<RowData> encoder) {
        return new OfFields(columns, encoder);
    }

    void open() throws Exception {}

    /** The bytes of the row's document; null where there is none. */
    @Nullable
    abstract byte[] bytes(RowData row);

    /** Throws where the bytes are no JSON object. */
    abstract void check(byte[] document) throws IOException;

    private static final class OfColumn extends RowDocument {

        private static final long serialVersionUID = 1L;

        private final DocumentColumns columns;

        OfColumn(DocumentColumns columns) {
            this.columns = columns;
        }

        @Override
        @Nullable
        byte[] bytes(RowData row) {
            return columns.document(row);
        }

        @Override
        void check(byte[] document) throws IOException {
            // Read just as the OpenSearch client will read it: where it cannot, it fails the whole bulk request.
            try (XContentParser parser =
                    JsonXContent.jsonXContent.createParser(
                            NamedXContentRegistry.EMPTY, DeprecationHandler.IGNORE_DEPRECATIONS, document)) {
                if (parser.nextToken() != XContentParser.Token.START_OBJECT) {
                    throw new IOException("it must be a JSON object");
                }
                parser.skipChildren();
                if (parser.nextToken() != null) {
                    throw new IOException("it must be one JSON object, and nothing after it");
                }
            }
        }
    }

    private static final class OfFields extends RowDocument {

        private static final long serialVersionUID = 1L;

        private final DocumentColumns columns;
        private final SerializationSchema<RowData> encoder;
        private transient ProjectedRowData fields;

        OfFields(DocumentColumns columns, SerializationSchema<RowData> encoder) {
            this.columns = columns;
            this.encoder = encoder;
        }

        @Override
        void open() throws Exception {
            fields = ProjectedRowData.from(columns.fields());
            encoder.open(
                    new SerializationSchema.InitializationContext() {
                        @Override
                        public MetricGroup getMetricGroup() {
                            return new UnregisteredMetricsGroup();
                        }

                        @Override
                        public UserCodeClassLoader getUserCodeClassLoader() {
                            return SimpleUserCodeClassLoader.create(RowDocument.class.getClassLoader());
                        }
                    });
        }

        @Override
        byte[] bytes(RowData row) {
            return encoder.serialize(fields.replaceRow(row));
        }

        @Override
        void check(byte[] document) {
            // Flink's encoder makes nothing else.
        }
    }
}
