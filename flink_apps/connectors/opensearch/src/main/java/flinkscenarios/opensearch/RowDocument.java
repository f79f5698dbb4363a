package flinkscenarios.opensearch;

import java.io.Serializable;
import javax.annotation.Nullable;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.utils.ProjectedRowData;

/** Extracts or builds the document of a row. */
abstract class RowDocument implements Serializable {

    private static final long serialVersionUID = 1L;

    /** The document is in a column. */
    static RowDocument ofColumn(DocumentColumns columns) {
        return new OfColumn(columns);
    }

    /** The document is built from columns by {@code encoder}, whose rows have only these. */
    static RowDocument ofFields(DocumentColumns columns, SerializationSchema<RowData> encoder) {
        return new OfFields(columns, encoder);
    }

    void open(SerializationSchema.InitializationContext context) throws Exception {}

    /** The bytes of the row's document; null if it has none. */
    @Nullable
    abstract byte[] bytes(RowData row);

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
        void open(SerializationSchema.InitializationContext context) throws Exception {
            fields = ProjectedRowData.from(columns.fields());
            encoder.open(context);
        }

        @Override
        byte[] bytes(RowData row) {
            return encoder.serialize(fields.replaceRow(row));
        }
    }
}
