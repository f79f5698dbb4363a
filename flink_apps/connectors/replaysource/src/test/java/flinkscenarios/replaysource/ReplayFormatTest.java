package flinkscenarios.replaysource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import flinkscenarios.replaysource.ReplayOptions.FileFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.file.src.FileSourceSplit;
import org.apache.flink.connector.file.src.reader.BulkFormat.RecordIterator;
import org.apache.flink.connector.file.src.util.CheckpointedPosition;
import org.apache.flink.connector.file.src.util.RecordAndPosition;
import org.apache.flink.table.data.RowData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ReplayFormatTest {

    @TempDir Path folder;

    private final Metrics metrics = new Metrics();

    private ReplayFormat format(FileFormat format, boolean withLine) {
        Map<String, String> options = Map.of("path", "/", "format", format.toString(), "time-attribute", "time");
        return new ReplayFormat(
                        ReplayOptions.from(Configuration.fromMap(options)), List.of("time"), withLine, TestRows.TYPE)
                .counting(new ReplayStatistics(metrics, 0));
    }

    private FileSourceSplit file(byte[] content) throws IOException {
        Path file = Files.write(folder.resolve("file"), content);
        return new FileSourceSplit(
                "1", new org.apache.flink.core.fs.Path(file.toUri()), 0, content.length, 0, content.length);
    }

    private FileSourceSplit file(String text) throws IOException {
        return file(text.getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] gzip(String text) throws IOException {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(file)) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
        return file.toByteArray();
    }

    /** Numbers that do not compress to next to nothing. */
    private static List<String> numbers(int count) {
        return new Random(1).ints(count).mapToObj(Integer::toString).collect(Collectors.toList());
    }

    private static FileSourceSplit after(FileSourceSplit file, long offset, long rows) {
        return file.updateWithCheckpointedPosition(new CheckpointedPosition(offset, rows));
    }

    /** Time, bytes and the position after it, of each row. */
    private static List<String> drain(ReplayFormat.Reader reader, boolean withLine) throws IOException {
        List<String> rows = new ArrayList<>();
        try (reader) {
            for (RecordIterator<RowData> batch = reader.readBatch(); batch != null; batch = reader.readBatch()) {
                for (RecordAndPosition<RowData> row = batch.next(); row != null; row = batch.next()) {
                    assertEquals(CheckpointedPosition.NO_OFFSET, row.getOffset());
                    RowData record = row.getRecord();
                    String line = withLine ? new String(record.getBinary(1), StandardCharsets.UTF_8) : "";
                    rows.add(record.getString(0) + " " + line + " " + row.getRecordSkipCount());
                }
            }
        }
        return rows;
    }

    @Test
    void everyLineIsARowWithItsFieldsItsBytesAndItsPosition() throws IOException {
        FileSourceSplit file = file("{\"time\":1}\nbroken\n{\"time\":\"x\"}\n");
        ReplayFormat.Reader reader = format(FileFormat.JSON, true).createReader(new Configuration(), file);
        assertEquals(List.of("1 {\"time\":1} 1", "null broken 2", "x {\"time\":\"x\"} 3"), drain(reader, true));
    }

    @Test
    void theHeaderOfACsvFileIsNoRow() throws IOException {
        FileSourceSplit file = file("id,time\na,1\nb,2\n");
        ReplayFormat.Reader reader = format(FileFormat.CSV, false).createReader(new Configuration(), file);
        assertEquals(List.of("1  1", "2  2"), drain(reader, false));
    }

    @Test
    void aRestoredReaderGoesOnAfterTheRowsThatWereRead() throws IOException {
        StringBuilder text = new StringBuilder("time\n");
        for (int row = 1; row <= 2_500; row++) {
            text.append(row).append('\n');
        }
        FileSourceSplit file = file(text.toString());
        List<String> all = drain(format(FileFormat.CSV, false).createReader(new Configuration(), file), false);
        assertEquals(2_500, all.size());
        for (int read : new int[] {0, 1, 999, 1_000, 1_001, 2_500}) {
            FileSourceSplit restored = after(file, CheckpointedPosition.NO_OFFSET, read);
            ReplayFormat.Reader reader = format(FileFormat.CSV, false).restoreReader(new Configuration(), restored);
            assertEquals(all.subList(read, all.size()), drain(reader, false));
        }
    }

    @ParameterizedTest
    @EnumSource(FileFormat.class)
    void anEmptyFileHasNoRowsAndIsNothingToCount(FileFormat format) throws IOException {
        ReplayFormat.Reader reader = format(format, false).createReader(new Configuration(), file(""));
        assertEquals(List.of(), drain(reader, false));
        assertEquals(0, metrics.count("replayUnreadFileCount"));
    }

    @Test
    void aCsvFileOfBlankLinesHasNoRows() throws IOException {
        ReplayFormat.Reader reader = format(FileFormat.CSV, false).createReader(new Configuration(), file("\n \r\n"));
        assertEquals(List.of(), drain(reader, false));
    }

    @Test
    void whatComesBeforeTheDamageIsReadAndTheFileCountedOnce() throws IOException {
        List<String> numbers = numbers(5_000);
        byte[] whole = gzip(String.join("\n", numbers) + "\n");
        FileSourceSplit damaged = file(Arrays.copyOf(whole, whole.length / 2));
        List<String> rows = drain(format(FileFormat.JSON, true).createReader(new Configuration(), damaged), true);
        int last = rows.size() - 1;
        assertTrue(last > 1_000, "several batches");
        for (int row = 0; row < last; row++) {
            assertEquals("null " + numbers.get(row) + " " + (row + 1), rows.get(row));
        }
        String cutOff = rows.get(last).split(" ")[1];
        assertTrue(numbers.get(last).startsWith(cutOff), "the rest of a line is a row, too, for its consumer to refuse");
        assertEquals(1, metrics.count("replayUnreadFileCount"));
    }

    @Test
    void theRestOfACsvLineIsNotTakenForAWholeOne() throws IOException {
        List<String> numbers = numbers(5_000);
        byte[] whole = gzip("time\n" + String.join("\n", numbers));
        FileSourceSplit damaged = file(Arrays.copyOf(whole, whole.length / 2));
        List<String> rows = drain(format(FileFormat.CSV, true).createReader(new Configuration(), damaged), true);
        assertTrue(rows.get(rows.size() - 1).startsWith("null "), "its time may have lost digits");
    }

    @Test
    void aDamagedFileThatWasReadUpToTheDamageHasNoMoreRowsAfterARestore() throws IOException {
        byte[] whole = gzip(String.join("\n", numbers(5_000)));
        FileSourceSplit damaged = file(Arrays.copyOf(whole, whole.length / 2));
        List<String> rows = drain(format(FileFormat.JSON, true).createReader(new Configuration(), damaged), true);
        FileSourceSplit restored = after(damaged, CheckpointedPosition.NO_OFFSET, rows.size());
        assertEquals(
                List.of(), drain(format(FileFormat.JSON, true).restoreReader(new Configuration(), restored), true));
    }

    @Test
    void aFileThatIsNoParquetIsCountedAndHasNoRows() throws IOException {
        FileSourceSplit file = file("not Parquet at all");
        assertEquals(
                List.of(), drain(format(FileFormat.PARQUET, false).createReader(new Configuration(), file), false));
        assertEquals(1, metrics.count("replayUnreadFileCount"));
    }

    @ParameterizedTest
    @EnumSource(FileFormat.class)
    void aFileThatIsGoneIsCountedAndHasNoRows(FileFormat format) throws IOException {
        FileSourceSplit file = file("{}");
        Files.delete(folder.resolve("file"));
        assertEquals(List.of(), drain(format(format, false).createReader(new Configuration(), file), false));
        assertEquals(1, metrics.count("replayUnreadFileCount"));
    }

    @Test
    void aFileSystemThatFailsIsNoDamage() {
        org.apache.flink.core.fs.Path path = new org.apache.flink.core.fs.Path("no-such-system://bucket/file");
        FileSourceSplit file = new FileSourceSplit("1", path, 0, 5, 0, 5);
        ReplayFormat format = format(FileFormat.JSON, false);
        IOException failed =
                assertThrows(IOException.class, () -> format.createReader(new Configuration(), file));
        assertTrue(failed.getMessage().startsWith(path + " cannot be read: "), failed.getMessage());
        assertEquals(0, metrics.count("replayUnreadFileCount"));
    }

    @Test
    void aHeaderWithoutTheTimeAttributeIsRefused() throws IOException {
        FileSourceSplit file = file("id,tpep_dropoff_datetime\na,1\n");
        ReplayFormat uncounted = format(FileFormat.CSV, false);
        ReplayStatistics statistics = new ReplayStatistics(metrics, 0);
        ReplayFormat format = uncounted.counting(statistics);
        assertEquals(List.of(), drain(format.createReader(new Configuration(), file), false));
        assertEquals(1, metrics.count("replayUnreadFileCount"));
        assertEquals(
                file.path()
                        + " is not read to its end: it must have the columns time (got id,tpep_dropoff_datetime);"
                        + " no file could be replayed",
                assertThrows(IOException.class, statistics::requireColumns).getMessage());
    }

    @Test
    void aFileIsReadAsAWhole() {
        assertFalse(format(FileFormat.JSON, true).isSplittable());
    }
}
