package flinkscenarios.opensearch;

import static flinkscenarios.testing.TestTables.options;
import static flinkscenarios.testing.TestTables.refusal;
import static flinkscenarios.testing.TestTables.sink;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.catalog.UniqueConstraint;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.sink.SinkV2Provider;
import org.apache.flink.types.RowKind;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OpenSearchTableFactoryTest {

    private static final ResolvedSchema SCHEMA =
            ResolvedSchema.of(
                    Column.physical("trip_id", DataTypes.BIGINT()),
                    Column.physical("type", DataTypes.STRING()),
                    Column.physical("raw", DataTypes.BYTES()),
                    Column.physical("fare", DataTypes.DOUBLE()));

    private static final Map<String, String> SIGNED =
            Map.of(
                    "connector",
                    "opensearch-signed",
                    "endpoint",
                    "https://search.example.com",
                    "region",
                    "us-east-1",
                    "index",
                    "trips");

    /** The sink of a table; a null value leaves the option out. */
    private static OpenSearchTableSink create(String... options) {
        return assertInstanceOf(OpenSearchTableSink.class, sink(SCHEMA, options(SIGNED, options)));
    }

    /** The same of a table with a primary key; the columns of it, with blanks between them, or null. */
    private static OpenSearchTableSink keyed(String key, String... options) {
        UniqueConstraint constraint = key == null ? null : UniqueConstraint.primaryKey("k", List.of(key.split(" ")));
        ResolvedSchema schema = new ResolvedSchema(SCHEMA.getColumns(), List.of(), constraint);
        return assertInstanceOf(OpenSearchTableSink.class, sink(schema, options(SIGNED, options)));
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            nullValues = "-",
            value = {
                "endpoint, -, 'endpoint' must be set (got nothing); write for example"
                        + " 'https://search-trips.us-east-1.es.amazonaws.com'",
                "endpoint, https://a b, 'endpoint' must be an address (got https://a b); write",
                "endpoint, search.example.com:443, 'endpoint' must start with https:// or http:// (got",
                "endpoint, ftp://search, 'endpoint' must start with https:// or http:// (got ftp://search); write",
                "endpoint, https:///x, \"'endpoint' must have a host, and a port from 1 to 65535 or none (got\"",
                "endpoint, http://h:70000, \"'endpoint' must have a host, and a port from 1 to 65535 or none (got\"",
                "endpoint, https://h/path, 'endpoint' must end with the host or its port (got https://h/path); write",
                "endpoint, https://u:p@h, 'endpoint' must end with the host or its port (got https://u:p@h); write",
                "index, -, 'index' must be set where 'index-column' is not",
                "index, \"\", 'index' must not be empty (got ); write for example 'trips'",
                "index-column, type, 'index' must be set where 'index-column' is not",
                "index-column, kind, 'index' must be set where 'index-column' is not",
                "id-column, id, \"'id-column' must name a column of the table (got id);"
                        + " write for example one of [trip_id, type, raw, fare]\"",
                "id-column, fare, \"'id-column' must name a column of type STRING, BIGINT or INT (got fare);"
                        + " write for example CAST (fare AS …), which is DOUBLE\"",
                "document-column, type, 'document-column' must name a column of type BYTES (got type); write",
                "authentication, SigV4, \"'authentication' must be one of sigv4, basic, none (got SigV4); write\"",
                "region, -, \"'region' must be set (got nothing); write for example 'us-east-1', or"
                        + " 'authentication' = 'none' for an emulator\"",
                "signing-service, \"\", 'signing-service' must not be empty (got ); write for example 'es'",
                "compression, gzip, 'compression' must be true or false (got gzip); write for example 'true'",
                "bulk.max-actions, 0, 'bulk.max-actions' must be an integer from 1 to 100000 (got 0); write",
                "bulk.max-actions, few, 'bulk.max-actions' must be an integer from 1 to 100000 (got few); write",
                "bulk.max-size, 1500 kb, \"'bulk.max-size' must be whole megabytes, from 1 mb to 100 mb (got 1500\"",
                "bulk.max-size, 0 mb, \"'bulk.max-size' must be whole megabytes, from 1 mb to 100 mb (got 0 mb)\"",
                "bulk.max-size, big, \"'bulk.max-size' must be whole megabytes, from 1 mb to 100 mb (got big)\"",
                "bulk.interval, 0 s, 'bulk.interval' must be a duration from 1 ms to 1 h (got 0 s); write",
                "socket.timeout, 2 h, 'socket.timeout' must be a duration from 1 ms to 1 h (got 2 h); write",
                "retry.max-attempts, 0, 'retry.max-attempts' must be an integer from 1 to 1000 (got 0); write",
                "rejected.index, trips, 'rejected.index' must differ from 'index' (got trips); write for example",
                "sink.parallelism, 0, 'sink.parallelism' must be an integer from 1 to 32767 (got 0); write",
            })
    void aBadValueIsRefusedInOneLine(String option, String value, String start) {
        String message = refusal(() -> create(option, value));
        assertEquals(start, message.substring(0, Math.min(start.length(), message.length())));
        assertFalse(message.contains("\n"));
    }

    @Test
    void basicAuthenticationNeedsAUserAndAPassword() {
        assertTrue(refusal(() -> create("authentication", "basic")).startsWith("'username' must be set (got nothing)"));
        String message = refusal(() -> create("authentication", "basic", "username", "writer"));
        assertTrue(message.startsWith("'password' must be set (got nothing)"));
    }

    @Test
    void anIndexColumnTakesThePlaceOfTheIndex() {
        create("index", null, "index-column", "type");
        String message = refusal(() -> create("index", null, "index-column", "trip_id"));
        assertTrue(message.startsWith("'index-column' must name a column of type STRING (got trip_id)"), message);
    }

    @Test
    void anEndpointLosesAPortThatItsSchemeImplies() {
        for (String[] pair :
                List.of(
                        new String[] {"https://h:443", "https://h"},
                        new String[] {"http://h:80/", "http://h"},
                        new String[] {"http://h:443", "http://h:443"},
                        new String[] {"https://h:9200", "https://h:9200"})) {
            Configuration config = Configuration.fromMap(Map.of("region", "r", "index", "i", "endpoint", pair[0]));
            assertEquals(pair[1], OpenSearchOptions.from(config).endpoint().toString());
        }
    }

    @Test
    void onlyATableWithIdsTakesUpdates() {
        assertEquals(ChangelogMode.insertOnly(), create().getChangelogMode(ChangelogMode.all()));
        assertEquals(
                ChangelogMode.newBuilder()
                        .addContainedKind(RowKind.INSERT)
                        .addContainedKind(RowKind.UPDATE_AFTER)
                        .addContainedKind(RowKind.DELETE)
                        .build(),
                keyed("trip_id", "id-column", "trip_id").getChangelogMode(ChangelogMode.all()));
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            quoteCharacter = '"',
            value = {
                "-, -, \"'id-column' must name a column of the primary key where rows are updated (got trip_id);"
                        + " write for example PRIMARY KEY (trip_id) NOT ENFORCED\"",
                "fare, -, \"'id-column' must name a column of the primary key where rows are updated (got trip_id);"
                        + " write for example PRIMARY KEY (trip_id) NOT ENFORCED\"",
                "trip_id, type, \"'index-column' must name a column of the primary key where rows are updated"
                        + " (got type); write for example PRIMARY KEY (trip_id, type) NOT ENFORCED\"",
            })
    void anUpdatedRowIsKeyedByWhatIdentifiesItsDocument(String key, String index, String message) {
        String[] options = {"index-column", index, "index", index == null ? "trips" : null, "id-column", "trip_id"};
        OpenSearchTableSink sink = keyed(key, options);
        assertEquals(ChangelogMode.insertOnly(), sink.getChangelogMode(ChangelogMode.insertOnly()));
        ChangelogMode upsert = ChangelogMode.upsert();
        assertEquals(
                message, assertThrows(ValidationException.class, () -> sink.getChangelogMode(upsert)).getMessage());
    }

    @Test
    void aKeyWithIndexAndIdTakesUpdates() {
        String[] options = {"index-column", "type", "index", null, "id-column", "trip_id"};
        ChangelogMode upsert = ChangelogMode.upsert();
        assertEquals(upsert, keyed("type trip_id", options).getChangelogMode(upsert));
    }

    @Test
    void theSinkCanBeShippedAndHasItsParallelism() {
        for (String document : new String[] {null, "raw"}) {
            SinkV2Provider provider =
                    assertInstanceOf(
                            SinkV2Provider.class,
                            create("id-column", "trip_id", "document-column", document, "sink.parallelism", "3")
                                    .getSinkRuntimeProvider(null));
            assertEquals(3, provider.getParallelism().orElseThrow());
            assertTrue(InstantiationUtil.isSerializable(provider.createSink()));
        }
    }
}
