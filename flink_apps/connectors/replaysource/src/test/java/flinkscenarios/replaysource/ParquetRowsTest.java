package flinkscenarios.replaysource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.flink.table.data.RowData;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParquetRowsTest {

    @TempDir Path folder;

    private Path file(String fields, boolean dictionary, List<Consumer<Group>> rows) throws IOException {
        MessageType schema = MessageTypeParser.parseMessageType("message trips { " + fields + " }");
        Path file = folder.resolve("trips.parquet");
        try (ParquetWriter<Group> writer =
                ExampleParquetWriter.builder(new org.apache.hadoop.fs.Path(file.toUri()))
                        .withConf(new Configuration())
                        .withWriteMode(ParquetFileWriter.Mode.OVERWRITE)
                        .withType(schema)
                        .withDictionaryEncoding(dictionary)
                        .withRowGroupSize(1_024L)
                        .build()) {
            for (Consumer<Group> row : rows) {
                Group group = new SimpleGroupFactory(schema).newGroup();
                row.accept(group);
                writer.write(group);
            }
        }
        return file;
    }

    private static List<String> read(Path file, String... columns) throws IOException {
        List<String> read = new ArrayList<>();
        SourceFile source = SourceFile.open(new org.apache.flink.core.fs.Path(file.toUri()));
        FileColumns names = new FileColumns(List.of(columns), Map.of("other", "value"), List.of());
        try (FileRows rows = new ParquetRows(source, Files.size(file), names, ZoneId.of("America/New_York"))) {
            for (RowData row = rows.next(); row != null; row = rows.next()) {
                List<String> texts = new ArrayList<>();
                for (int column = 0; column < columns.length; column++) {
                    texts.add(row.isNullAt(column) ? "NULL" : row.getString(column).toString());
                }
                read.add(String.join(" ", texts));
            }
        }
        return read;
    }

    /** What becomes of a value, which is the same whether the file has a dictionary or not. */
    private String text(String type, Consumer<Group> value) throws IOException {
        String[] parts = type.split(" ");
        String field = parts[0] + " value" + (parts.length > 1 ? " (" + parts[1] + ")" : "");
        List<String> plain = read(file("required " + field + ";", false, List.of(value)), "value");
        assertEquals(plain, read(file("required " + field + ";", true, List.of(value)), "value"));
        return plain.get(0);
    }

    @Test
    void anIntegerOfAnySizeIsItsDigits() throws IOException {
        assertEquals("-7", text("int32", row -> row.add("value", -7)));
        assertEquals("7000000000", text("int64", row -> row.add("value", 7_000_000_000L)));
    }

    @Test
    void aNumberThatIsWholeHasNoExponent() throws IOException {
        assertEquals("1.0", text("double", row -> row.add("value", 1.0)));
        assertEquals("12345678901.0", text("double", row -> row.add("value", 12_345_678_901.0)));
        assertEquals("-3.25", text("double", row -> row.add("value", -3.25)));
        assertEquals("0.3", text("float", row -> row.add("value", 0.3f)));
        assertEquals("2.0", text("float", row -> row.add("value", 2f)));
    }

    @Test
    void whatStandsForNullIsAnEmptyText() throws IOException {
        assertEquals("", text("double", row -> row.add("value", Double.NaN)));
        assertEquals("", text("float", row -> row.add("value", Float.NaN)));
        List<Consumer<Group>> rows = List.of(row -> {}, row -> row.add("value", 5));
        assertEquals(List.of("", "5"), read(file("optional int32 value;", true, rows), "value"));
    }

    @Test
    void aTimeIsMillisecondsWhateverItsUnit() throws IOException {
        long local = 1_546_653_042_123L;
        assertEquals("1546671042123", text("int64 TIMESTAMP(MILLIS,false)", row -> row.add("value", local)));
        assertEquals(
                "1546671042123", text("int64 TIMESTAMP(MICROS,false)", row -> row.add("value", local * 1_000 + 999)));
        assertEquals(
                "1546671042123", text("int64 TIMESTAMP(NANOS,false)", row -> row.add("value", local * 1_000_000)));
        assertEquals(
                "1546671042123",
                text("int64 TIMESTAMP(MICROS,true)", row -> row.add("value", 1_546_671_042_123_000L)));
    }

    @Test
    void aTimeOfTwelveBytesIsDayAndNanosecond() throws IOException {
        ByteBuffer time = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
        time.putLong(1_500_000_000L).putInt(2_440_589);
        assertEquals("86401500", text("int96", row -> row.add("value", Binary.fromConstantByteArray(time.array()))));
    }

    @Test
    void otherTypesAreTextsToo() throws IOException {
        assertEquals("N", text("binary STRING", row -> row.add("value", "N")));
        assertEquals("true", text("boolean", row -> row.add("value", true)));
        assertEquals("2019-01-05", text("int32 DATE", row -> row.add("value", 17_901)));
        assertEquals("-12.50", text("int64 DECIMAL(9,2)", row -> row.add("value", -1_250L)));
    }

    @Test
    void aColumnThatTheFileDoesNotHaveOrThatIsNestedIsNull() throws IOException {
        String fields = "required int32 OTHER; repeated int32 list; optional group nested { optional int32 x; }";
        assertEquals(
                List.of("3 NULL NULL NULL"),
                read(file(fields, false, List.of(row -> row.add("OTHER", 3))), "value", "list", "nested", "absent"));
    }

    @Test
    void whatParquetFindsWrongIsNamedInOneException() throws IOException {
        Path file = file("required int32 value;", false, List.of(row -> row.add("value", 5)));
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
        assertTrue(assertThrows(IOException.class, () -> read(file, "value")).getMessage().contains("not a Parquet"));
        // The footer is whole, the pages are not.
        Arrays.fill(bytes, 4, 30, (byte) 0x7f);
        Files.write(file, bytes);
        assertThrows(IOException.class, () -> read(file, "value"));
    }

    @Test
    void allRowGroupsAreReadInTheirOrder() throws IOException {
        List<Consumer<Group>> rows = new ArrayList<>();
        List<String> numbers = new ArrayList<>();
        for (int number = 0; number < 5_000; number++) {
            int value = number;
            rows.add(row -> row.add("value", value));
            numbers.add(Integer.toString(number));
        }
        assertEquals(numbers, read(file("required int32 value;", false, rows), "value"));
    }
}
