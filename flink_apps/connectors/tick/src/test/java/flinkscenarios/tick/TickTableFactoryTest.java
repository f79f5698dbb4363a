package flinkscenarios.tick;

import static flinkscenarios.testing.TestTables.options;
import static flinkscenarios.testing.TestTables.source;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import flinkscenarios.testing.TestTables;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.connector.source.SourceProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TickTableFactoryTest {

    private static final ResolvedSchema SCHEMA =
            ResolvedSchema.of(
                    Column.physical("start_millis", DataTypes.BIGINT().notNull()),
                    Column.physical("end_millis", DataTypes.BIGINT()));

    private static DynamicTableSource create(ResolvedSchema schema, String... options) {
        return source(schema, options(Map.of("connector", "tick"), options));
    }

    private static SourceProvider provider(String... options) {
        TickTableSource source = assertInstanceOf(TickTableSource.class, create(SCHEMA, options));
        return assertInstanceOf(SourceProvider.class, source.getScanRuntimeProvider(null));
    }

    private static String refusal(ResolvedSchema schema, String... options) {
        return TestTables.refusal(() -> create(schema, options));
    }

    @Test
    void theSourceRunsAtParallelismOneAndNeverEnds() {
        SourceProvider provider = provider("interval", "20 ms");
        assertEquals(1, provider.getParallelism().orElseThrow());
        assertEquals(Boundedness.CONTINUOUS_UNBOUNDED, provider.createSource().getBoundedness());
    }

    @Test
    void aSourceWithANumberOfTicksIsBounded() {
        assertEquals(Boundedness.BOUNDED, provider("interval", "20 ms", "ticks", "3").createSource().getBoundedness());
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "interval, soon, 'interval' must be a duration (got soon); write for example '20 ms'",
                "interval, -1 s, 'interval' must be a duration (got -1 s); write for example '20 ms'",
                "interval, 0 ms, \"'interval' must be whole milliseconds, from 1 ms to 365 d (got 0 ms);"
                        + " write for example '20 ms'\"",
                "interval, 1500 micro, \"'interval' must be whole milliseconds, from 1 ms to 365 d (got 1500 micro);"
                        + " write for example '20 ms'\"",
                "catch-up, 400 d, 'catch-up' must be from 0 s to 365 d (got 400 d); write for example '10 s'",
                "catch-up-downtime, perhaps, 'catch-up-downtime' must be true or false (got perhaps);"
                        + " write for example 'false'",
                "ticks, many, \"'ticks' must be an integer (got many);"
                        + " write for example '1000', or leave it out for a source that never ends\"",
                "ticks, 0, \"'ticks' must be from 1 to 461168601842738790 (got 0);"
                        + " write for example '1000', or leave it out for a source that never ends\"",
            })
    void aBadValueIsRefusedInOneLine(String option, String value, String message) {
        assertEquals(message, refusal(SCHEMA, "interval", option.equals("interval") ? value : "20 ms", option, value));
    }

    @Test
    void aMissingIntervalIsRefused() {
        assertEquals("'interval' must be set (got nothing); write for example '20 ms'", refusal(SCHEMA));
    }

    @Test
    void otherColumnsAreRefused() {
        String want =
                "the columns of a 'tick' table must be start_millis BIGINT, end_millis BIGINT, and perhaps"
                        + " due_millis BIGINT (got ";
        for (ResolvedSchema schema :
                List.of(
                        ResolvedSchema.of(Column.physical("start_millis", DataTypes.BIGINT())),
                        ResolvedSchema.of(
                                Column.physical("end_millis", DataTypes.BIGINT()),
                                Column.physical("start_millis", DataTypes.BIGINT())),
                        ResolvedSchema.of(
                                Column.physical("start_millis", DataTypes.BIGINT()),
                                Column.physical("end_millis", DataTypes.INT())))) {
            assertEquals(want, refusal(schema, "interval", "20 ms").substring(0, want.length()));
        }
    }

    @Test
    void theTimeOfATickIsThereForTheAsking() {
        create(
                ResolvedSchema.of(
                        Column.physical("start_millis", DataTypes.BIGINT()),
                        Column.physical("end_millis", DataTypes.BIGINT()),
                        Column.physical("due_millis", DataTypes.BIGINT())),
                "interval",
                "20 ms");
    }
}
