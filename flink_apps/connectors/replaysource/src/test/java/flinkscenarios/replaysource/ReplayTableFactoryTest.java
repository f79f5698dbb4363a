package flinkscenarios.replaysource;

import static flinkscenarios.testing.TestTables.options;
import static flinkscenarios.testing.TestTables.source;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import flinkscenarios.testing.TestTables;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.connector.source.ScanTableSource;
import org.apache.flink.table.connector.source.SourceProvider;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LogicalType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReplayTableFactoryTest {

    private static final ResolvedSchema TEXT =
            ResolvedSchema.of(
                    Column.physical("time", DataTypes.STRING()), Column.physical("id", DataTypes.STRING()));

    private static final Map<String, String> USUAL =
            Map.of("connector", "replay", "path", "/trips", "format", "json", "time-attribute", "time");

    /** The source of a table; an option that is empty is left out. */
    private static DynamicTableSource create(ResolvedSchema schema, String... options) {
        Map<String, String> all = options(USUAL, options);
        all.values().removeIf(String::isEmpty);
        return source(schema, all);
    }

    private static SourceProvider provider(String... options) {
        ReplayTableSource source = assertInstanceOf(ReplayTableSource.class, create(TEXT, options));
        return assertInstanceOf(SourceProvider.class, source.getScanRuntimeProvider(new Context()));
    }

    private static String refusal(ResolvedSchema schema, String... options) {
        return TestTables.refusal(() -> create(schema, options));
    }

    @Test
    void theSourceRunsAtParallelismOneAndEndsWithItsFiles() {
        assertEquals(1, provider().getParallelism().orElseThrow());
        assertEquals(Boundedness.BOUNDED, provider("format", "csv").createSource().getBoundedness());
    }

    @Test
    void aSourceThatWaitsAtItsEndIsUnbounded() {
        assertEquals(
                Boundedness.CONTINUOUS_UNBOUNDED, provider("at-end", "wait").createSource().getBoundedness());
    }

    @Test
    void theLineComesBeforeTheNumberHoweverTheTableOrdersThem() {
        ReplayTableSource source = (ReplayTableSource) create(TEXT);
        assertEquals(
                List.of("line", "number", "watermark", "watermark-key"),
                new ArrayList<>(source.listReadableMetadata().keySet()));
    }

    @Test
    void watermarksThatNobodyWouldKnowFromRowsAreRefused() {
        ReplayTableSource source = (ReplayTableSource) create(TEXT, "watermark-interval", "10 s");
        ValidationException refused =
                assertThrows(ValidationException.class, () -> source.getScanRuntimeProvider(new Context()));
        assertEquals(
                "'watermark-interval' must be 0 s where the metadata column watermark is not read (got 10 s);"
                        + " declare it as TIMESTAMP_LTZ(3) METADATA VIRTUAL, and read it",
                refused.getMessage());
    }

    @Test
    void watermarksAreAcceptedWhereTheirColumnIsRead() {
        ReplayTableSource source = (ReplayTableSource) create(TEXT, "watermark-interval", "10 s");
        source.applyReadableMetadata(List.of("watermark"), DataTypes.ROW());
        ScanTableSource copy = assertInstanceOf(ScanTableSource.class, source.copy());
        assertInstanceOf(SourceProvider.class, copy.getScanRuntimeProvider(new Context()));
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "path, \"\", 'path' must be set (got nothing); write for example 's3://bucket/prefix'",
                "format, xml, \"'format' must be one of json, csv, parquet (got xml); write for example 'json'\"",
                "format, \"\", \"'format' must be one of json, csv, parquet (got nothing); write for example 'json'\"",
                "time-attribute, \"\", 'time-attribute' must be set (got nothing);"
                        + " write for example 'dropoff_datetime'",
                "time-attribute, when, \"'time-attribute' must name a column of the table (got when);"
                        + " write one of time, id\"",
                "time-zone, Mars, 'time-zone' must be a time zone (got Mars); write for example 'America/New_York'",
                "other-names, when, 'other-names' must be pairs of names (got when);"
                        + " write for example 'VendorID:vendor_id'",
                "other-names, a:when, \"'other-names' must name a column of the table (got when);"
                        + " write one of time, id\"",
                "needed-columns, id;time|when, \"'needed-columns' must name a column of the table (got when);"
                        + " write one of time, id\"",
                "speedup, fast, 'speedup' must be a number (got fast); write for example '6480'",
                "speedup, 0, \"'speedup' must be above 0, and finite (got 0); write for example '6480'\"",
                "speedup, NaN, \"'speedup' must be above 0, and finite (got NaN); write for example '6480'\"",
                "seek, soon, 'seek' must be a time (got soon); write for example '2019-01-15T00:00:00Z'",
                "gap-limit, long, 'gap-limit' must be a duration (got long); write for example '1 h'",
                "buffer, some, 'buffer' must be an integer (got some); write for example '100000'",
                "buffer, 0, 'buffer' must be from 1 to 1000000 (got 0); write for example '100000'",
                "statistics-interval, x, 'statistics-interval' must be a duration (got x); write for example '20 s'",
                "statistics-interval, 0 s, 'statistics-interval' must be from 1 ms to 1 d (got 0 s);"
                        + " write for example '20 s'",
                "watermark-interval, x, 'watermark-interval' must be a duration (got x); write for example '10 s'",
                "watermark-interval, 2 d, 'watermark-interval' must be from 0 s to 1 d (got 2 d);"
                        + " write for example '10 s'",
                "watermark-keys, a; ;b, \"'watermark-keys' must be keys with ; between them, none blank"
                        + " (got a; ;b); write for example 'a;b'\"",
                "at-end, crash, \"'at-end' must be one of stop, wait (got crash); write for example 'stop'\"",
            })
    void aBadValueIsRefusedInOneLine(String option, String value, String message) {
        assertEquals(message, refusal(TEXT, option, value));
    }

    @Test
    void anOptionThatNobodyKnowsIsRefused() {
        ValidationException refused =
                assertThrows(ValidationException.class, () -> create(TEXT, "speed-up", "3600"));
        assertEquals(
                "Unsupported options found for 'replay'.",
                refused.getCause().getMessage().lines().findFirst().orElseThrow());
    }

    @Test
    void aColumnMustBeText() {
        ResolvedSchema schema =
                ResolvedSchema.of(
                        Column.physical("time", DataTypes.STRING()), Column.physical("fare", DataTypes.DOUBLE()));
        assertEquals(
                "the column fare must be STRING, and nullable (got DOUBLE);"
                        + " declare it so, and cast it in the query",
                refusal(schema));
    }

    /** Of what the planner gives to a source, the types alone. */
    private static final class Context implements ScanTableSource.ScanContext {

        @Override
        @SuppressWarnings("unchecked")
        public <T> TypeInformation<T> createTypeInformation(DataType type) {
            return (TypeInformation<T>) TestRows.TYPE;
        }

        @Override
        @SuppressWarnings("unchecked")
        public <T> TypeInformation<T> createTypeInformation(LogicalType type) {
            return (TypeInformation<T>) TestRows.TYPE;
        }

        @Override
        public DynamicTableSource.DataStructureConverter createDataStructureConverter(DataType type) {
            throw new UnsupportedOperationException("no source here converts");
        }
    }
}
