package flinkscenarios.kinesis;

import static flinkscenarios.testing.TestTables.options;
import static flinkscenarios.testing.TestTables.refusal;
import static flinkscenarios.testing.TestTables.sink;
import static flinkscenarios.testing.TestTables.source;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.types.logical.RowType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KinesisTableFactoryTest {

    private static final ResolvedSchema SCHEMA =
            ResolvedSchema.of(
                    Column.physical("trip_id", DataTypes.BIGINT()),
                    Column.physical("area", DataTypes.STRING()),
                    Column.physical("stops", DataTypes.ARRAY(DataTypes.INT())));

    private static final Map<String, String> USUAL =
            Map.of(
                    "connector",
                    "kinesis",
                    "stream.arn",
                    "arn:aws:kinesis:us-east-1:123456789012:stream/trips",
                    "aws.region",
                    "us-east-1",
                    "format",
                    "json");

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            nullValues = "-",
            value = {
                "stream.arn, -, 'stream.arn' must be set (got nothing); write for example"
                        + " 'arn:aws:kinesis:us-east-1:123456789012:stream/trips'",
                "stream.arn, trips, 'stream.arn' must be the ARN of a stream (got trips); write for example"
                        + " 'arn:aws:kinesis:us-east-1:123456789012:stream/trips'",
                "stream.arn, arn:aws:s3:::trips, 'stream.arn' must be the ARN of a stream (got arn:aws:s3:::trips);",
                "stream.name, trips, 'stream.name' must not be set beside 'stream.arn' (got trips); write for example one of",
                "aws.region, -, 'aws.region' must be set (got nothing); write for example 'us-east-1'",
                "aws.region, eu-west-1, 'aws.region' must be the region of 'stream.arn' (got eu-west-1); write for"
                        + " example 'us-east-1'",
                "aws.endpoint, localhost:4567, 'aws.endpoint' must start with https:// or http:// (got",
                "aws.trust.all.certificates, sure, 'aws.trust.all.certificates' must be true or false (got sure);",
                "aws.credentials.provider, CUSTOM, \"'aws.credentials.provider' must be one of AUTO, BASIC, ENV_VAR,"
                        + " SYS_PROP, PROFILE, ASSUME_ROLE, WEB_IDENTITY_TOKEN (got CUSTOM);\"",
                "aws.credentials.provider, BASIC, 'aws.credentials.basic.accesskeyid' must be set (got nothing);",
                "aws.credentials.provider, ASSUME_ROLE, 'aws.credentials.role.arn' must be set (got nothing);",
            })
    void aBadValueOfBothIsRefusedInOneLine(String option, String value, String start) {
        assertStart(start, refusal(() -> source(SCHEMA, options(USUAL, option, value))));
        assertStart(start, refusal(() -> sink(SCHEMA, options(USUAL, option, value))));
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "source.init.position, EARLIEST, \"'source.init.position' must be one of LATEST, TRIM_HORIZON,"
                        + " AT_TIMESTAMP (got EARLIEST); write for example 'TRIM_HORIZON'\"",
                "source.init.position, AT_TIMESTAMP, 'source.init.timestamp' must be set for AT_TIMESTAMP (got nothing);"
                        + " write for example '2024-02-29T12:00:00.000Z'",
                "source.shard.discovery.interval, soon, 'source.shard.discovery.interval' must be a duration from 1 ms",
                "source.shard.discovery.interval, 2 h, 'source.shard.discovery.interval' must be a duration from 1 ms",
                "source.shard.get-records.max-record-count, 10001,"
                        + " 'source.shard.get-records.max-record-count' must be an integer from 1 to 10000 (got",
                "source.reader.empty-records-fetch-interval, 0 s,"
                        + " 'source.reader.empty-records-fetch-interval' must be a duration from 1 ms to 1 h (got 0 s)",
                "source.reader.type, EFO, \"'source.reader.type' must be POLLING (got EFO); write for example"
                        + " 'POLLING', or leave it out\"",
            })
    void aBadValueOfASourceIsRefusedInOneLine(String option, String value, String start) {
        assertStart(start, refusal(() -> source(SCHEMA, options(USUAL, option, value))));
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "2024-02-29 12:00, -, \"'source.init.timestamp' must be a time in the format"
                        + " yyyy-MM-dd'T'HH:mm:ss.SSSXXX, or seconds since 1970 (got 2024-02-29 12:00); write\"",
                "-5, -, 'source.init.timestamp' must be a time in the format",
                "2024-02-29, yyyy-qq, \"'source.init.timestamp.format' must be a format of Java's SimpleDateFormat\"",
            })
    void aTimeThatIsNoneIsRefusedInOneLine(String time, String format, String start) {
        Map<String, String> options =
                options(USUAL, "source.init.position", "AT_TIMESTAMP", "source.init.timestamp", time);
        if (!format.equals("-")) {
            options.put("source.init.timestamp.format", format);
        }
        assertStart(start, refusal(() -> source(SCHEMA, options)));
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "sink.partitioner, hash, \"'sink.partitioner' must be one of random, fixed (got hash); write\"",
                "sink.batch.max-size, 501, 'sink.batch.max-size' must be an integer from 1 to 500 (got 501)",
                "sink.requests.max-inflight, 0, 'sink.requests.max-inflight' must be an integer from 1 to 1000",
                "sink.requests.max-buffered, 500, 'sink.requests.max-buffered' must be above 'sink.batch.max-size' (got",
                "sink.flush-buffer.size, 1000, 'sink.flush-buffer.size' must be an integer from 1048576 to 10485760",
                "sink.flush-buffer.timeout, 5 s, 'sink.flush-buffer.timeout' must be an integer from 1 to 3600000",
                "sink.record.max-size, 20000000, 'sink.record.max-size' must be an integer from 1 to 10485760 (got",
                "sink.fail-on-error, no way, 'sink.fail-on-error' must be true or false (got no way); write",
                "sink.http-client.protocol.version, HTTP2, 'sink.http-client.protocol.version' must be HTTP1_1 (got",
                "sink.http-client.read-timeout, 0, 'sink.http-client.read-timeout' must be an integer from 1 to",
                "sink.parallelism, 0, 'sink.parallelism' must be an integer from 1 to 32767 (got 0); write",
            })
    void aBadValueOfASinkIsRefusedInOneLine(String option, String value, String start) {
        assertStart(start, refusal(() -> sink(SCHEMA, options(USUAL, option, value))));
    }

    private static void assertStart(String start, String message) {
        assertEquals(start, message.substring(0, Math.min(start.length(), message.length())));
        assertFalse(message.contains("\n"), message);
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            nullValues = "-",
            value = {
                "stream.name, a stream, 'stream.name' must be the name of a stream (got a stream); write for example",
                "aws.region, -, 'aws.region' must be set (got nothing); write for example 'us-east-1'",
            })
    void aStreamIsAlsoKnownByItsName(String option, String value, String start) {
        Map<String, String> named = options(USUAL, "stream.name", "trips");
        named.remove("stream.arn");
        assertInstanceOf(KinesisTableSource.class, source(SCHEMA, named));
        assertStart(start, refusal(() -> source(SCHEMA, options(named, option, value))));
    }

    @Test
    void theMetadataHasTheNamesOfTheOfficialConnector() {
        KinesisTableSource source = assertInstanceOf(KinesisTableSource.class, source(SCHEMA, options(USUAL)));
        assertEquals(
                Set.of("timestamp", "sequence-number", "shard-id", "partition-key"),
                source.listReadableMetadata().keySet());
    }

    @Test
    void theFirstPositionIsATimeUnlessItIsTheOldestRecord() {
        Instant now = Instant.ofEpochMilli(5_000);
        assertEquals(Position.since(now), position().initialPosition(now));
        assertEquals(Position.OLDEST, position("source.init.position", "TRIM_HORIZON").initialPosition(now));
        for (String time : List.of("2024-02-29T12:00:00.500Z", "2024-02-29T13:00:00.500+01:00", "1709208000.5")) {
            SourceOptions options = position("source.init.position", "AT_TIMESTAMP", "source.init.timestamp", time);
            assertEquals(Position.since(Instant.parse("2024-02-29T12:00:00.500Z")), options.initialPosition(now));
        }
    }

    private static SourceOptions position(String... options) {
        return SourceOptions.from(Configuration.fromMap(options(USUAL, options)));
    }

    @Test
    void partitionKeysAreMadeOfTheColumns() {
        GenericRowData row = GenericRowData.of(7L, StringData.fromString("Lilienstraße"), null);
        assertEquals("7", keys("trip_id").of(row));
        assertEquals("Lilienstraße|7", keys("area", "trip_id").of(row));
        assertEquals("null", keys("area").of(GenericRowData.of(7L, null, null)));
        assertEquals("-", keys("area").of(GenericRowData.of(7L, StringData.fromString(""), null)));
        assertEquals(256, keys("area").of(GenericRowData.of(7L, StringData.fromString("x".repeat(999)), null)).length());
        assertTrue(!keys().of(row).equals(keys().of(row)), "random");
        String message = assertThrows(ValidationException.class, () -> keys("stops")).getMessage();
        assertEquals(
                "a column of PARTITIONED BY must be a text, a number, a date or a time (got stops ARRAY<INT>);"
                        + " write one with CAST (stops AS STRING) into the table",
                message);
    }

    private static PartitionKeys keys(String... names) {
        RowType row = (RowType) SCHEMA.toPhysicalRowDataType().getLogicalType();
        return PartitionKeys.of(row, List.of(names), SinkOptions.from(Configuration.fromMap(USUAL)));
    }
}
