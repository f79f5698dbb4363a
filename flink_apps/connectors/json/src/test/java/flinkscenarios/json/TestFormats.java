package flinkscenarios.json;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.file.table.factories.BulkWriterFormatFactory;
import org.apache.flink.table.api.Schema;
import org.apache.flink.table.catalog.CatalogTable;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ObjectIdentifier;
import org.apache.flink.table.catalog.ResolvedCatalogTable;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.format.EncodingFormat;
import org.apache.flink.table.connector.format.ProjectableDecodingFormat;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DeserializationFormatFactory;
import org.apache.flink.table.factories.DynamicTableFactory;
import org.apache.flink.table.factories.Factory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.factories.SerializationFormatFactory;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LogicalType;

/** Finds the formats as the planner does, and makes of them what a source or a sink gets. */
final class TestFormats {

    private TestFormats() {}

    /** A decoder of all columns. */
    static DeserializationSchema<RowData> decoder(ResolvedSchema schema) throws Exception {
        int[][] all = new int[schema.getColumnCount()][];
        for (int i = 0; i < all.length; i++) {
            all[i] = new int[] {i};
        }
        return decoder(schema, Map.of(), Map.of(), all);
    }

    /** A decoder of the columns of a projection. */
    static DeserializationSchema<RowData> decoder(
            ResolvedSchema schema, Map<String, String> table, Map<String, String> format, int[][] projection)
            throws Exception {
        ProjectableDecodingFormat<DeserializationSchema<RowData>> decoding =
                (ProjectableDecodingFormat<DeserializationSchema<RowData>>)
                        find(DeserializationFormatFactory.class, "json-raw")
                                .createDecodingFormat(context(schema, table), Configuration.fromMap(format));
        DeserializationSchema<RowData> decoder =
                decoding.createRuntimeDecoder(new SourceContext(), schema.toPhysicalRowDataType(), projection);
        decoder.open(null);
        return decoder;
    }

    /** An encoder of the format {@code json-raw}. */
    static SerializationSchema<RowData> encoder(ResolvedSchema schema, Map<String, String> format) throws Exception {
        EncodingFormat<SerializationSchema<RowData>> encoding =
                find(SerializationFormatFactory.class, "json-raw")
                        .createEncodingFormat(context(schema, Map.of()), Configuration.fromMap(format));
        return encoding.createRuntimeEncoder(null, schema.toPhysicalRowDataType());
    }

    /** The writers of the format {@code json-lines}. */
    static BulkWriter.Factory<RowData> writers(ResolvedSchema schema, Map<String, String> format) {
        EncodingFormat<BulkWriter.Factory<RowData>> encoding =
                find(BulkWriterFormatFactory.class, "json-lines")
                        .createEncodingFormat(context(schema, Map.of()), Configuration.fromMap(format));
        return encoding.createRuntimeEncoder(null, schema.toPhysicalRowDataType());
    }

    /** What changes a sink of the format {@code json-raw} takes. */
    static ChangelogMode changes(ResolvedSchema schema) {
        return find(SerializationFormatFactory.class, "json-raw")
                .createEncodingFormat(context(schema, Map.of()), new Configuration())
                .getChangelogMode();
    }

    private static <T extends Factory> T find(Class<T> kind, String identifier) {
        return FactoryUtil.discoverFactory(TestFormats.class.getClassLoader(), kind, identifier);
    }

    private static DynamicTableFactory.Context context(ResolvedSchema schema, Map<String, String> options) {
        CatalogTable table =
                CatalogTable.newBuilder().schema(Schema.newBuilder().build()).options(new HashMap<>(options)).build();
        return new FactoryUtil.DefaultDynamicTableContext(
                ObjectIdentifier.of("catalog", "database", "trips"),
                new ResolvedCatalogTable(table, schema),
                Map.of(),
                new Configuration(),
                TestFormats.class.getClassLoader(),
                false);
    }

    /** A schema of physical columns: names and types in turn. */
    static ResolvedSchema schema(Object... namesAndTypes) {
        Column[] columns = new Column[namesAndTypes.length / 2];
        for (int i = 0; i < columns.length; i++) {
            columns[i] = Column.physical((String) namesAndTypes[2 * i], (DataType) namesAndTypes[2 * i + 1]);
        }
        return ResolvedSchema.of(columns);
    }

    /** The runtime's type information needs classes of the planner; no test looks at it. */
    private static final class SourceContext implements DynamicTableSource.Context {

        @Override
        public <T> TypeInformation<T> createTypeInformation(DataType type) {
            return null;
        }

        @Override
        public <T> TypeInformation<T> createTypeInformation(LogicalType type) {
            return null;
        }

        @Override
        public DynamicTableSource.DataStructureConverter createDataStructureConverter(DataType type) {
            throw new UnsupportedOperationException();
        }
    }
}
