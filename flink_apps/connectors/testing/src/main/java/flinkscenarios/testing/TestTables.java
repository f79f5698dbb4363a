package flinkscenarios.testing;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.Schema;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.CatalogTable;
import org.apache.flink.table.catalog.ObjectIdentifier;
import org.apache.flink.table.catalog.ResolvedCatalogTable;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.factories.FactoryUtil;
import org.junit.jupiter.api.function.Executable;

/** Sources and sinks of tables, found through the same lookup that the planner uses. */
public final class TestTables {

    private static final ObjectIdentifier NAME = ObjectIdentifier.of("catalog", "database", "table");
    private static final ClassLoader CLASSES = TestTables.class.getClassLoader();

    private TestTables() {}

    /** The source of a table with these columns and options. */
    public static DynamicTableSource source(ResolvedSchema schema, Map<String, String> options) {
        return FactoryUtil.createDynamicTableSource(
                null, NAME, table(schema, options), Map.of(), new Configuration(), CLASSES, false);
    }

    /** The sink of a table with these columns and options. */
    public static DynamicTableSink sink(ResolvedSchema schema, Map<String, String> options) {
        return FactoryUtil.createDynamicTableSink(
                null, NAME, table(schema, options), Map.of(), new Configuration(), CLASSES, false);
    }

    /** The usual options but for some: names and values in turn; null leaves an option out. */
    public static Map<String, String> options(Map<String, String> usual, String... namesAndValues) {
        Map<String, String> options = new HashMap<>(usual);
        for (int i = 0; i < namesAndValues.length; i += 2) {
            options.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        options.values().removeIf(value -> value == null);
        return options;
    }

    /** What the connector says when it refuses a table: the lookup's own exception is around it. */
    public static String refusal(Executable creation) {
        Throwable cause = assertThrows(ValidationException.class, creation).getCause();
        return assertInstanceOf(ValidationException.class, cause).getMessage();
    }

    private static ResolvedCatalogTable table(ResolvedSchema schema, Map<String, String> options) {
        return new ResolvedCatalogTable(
                CatalogTable.newBuilder().schema(Schema.newBuilder().build()).options(options).build(), schema);
    }
}
