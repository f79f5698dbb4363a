package flinkscenarios.replaysource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import flinkscenarios.replaysource.ReplayOptions.FileFormat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.file.src.FileSourceSplit;
import org.apache.flink.connector.file.src.reader.BulkFormat.RecordIterator;
import org.apache.flink.connector.file.src.util.CheckpointedPosition;
import org.apache.flink.connector.file.src.util.RecordAndPosition;
import org.apache.flink.table.data.RowData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LineFormatTest {

    @TempDir Path folder;

    private static LineFormat format(FileFormat format, boolean withLine) {
        return new LineFormat(format, List.of("time"), "time", withLine, TestRows.TYPE);
    }

    private FileSourceSplit file(String text) throws IOException {
        Path file = Files.writeString(folder.resolve("file"), text);
        long size = Files.size(file);
        return new FileSourceSplit("1", new org.apache.flink.core.fs.Path(file.toUri()), 0, size, 0, size);
    }

    private static FileSourceSplit after(FileSourceSplit file, long offset, long rows) {
        return file.updateWithCheckpointedPosition(new CheckpointedPosition(offset, rows));
    }

    /** Time, bytes and the position after it, of each row. */
    private static List<String> drain(LineFormat.Reader reader, boolean withLine) throws IOException {
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
        LineFormat.Reader reader = format(FileFormat.JSON, true).createReader(new Configuration(), file);
        assertEquals(List.of("1 {\"time\":1} 1", "null broken 2", "x {\"time\":\"x\"} 3"), drain(reader, true));
    }

    @Test
    void theHeaderOfACsvFileIsNoRow() throws IOException {
        FileSourceSplit file = file("id,time\na,1\nb,2\n");
        LineFormat.Reader reader = format(FileFormat.CSV, false).createReader(new Configuration(), file);
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
            LineFormat.Reader reader = format(FileFormat.CSV, false).restoreReader(new Configuration(), restored);
            assertEquals(all.subList(read, all.size()), drain(reader, false));
        }
    }

    @Test
    void anEmptyCsvFileHasNoRows() throws IOException {
        LineFormat.Reader reader = format(FileFormat.CSV, false).createReader(new Configuration(), file(""));
        assertEquals(List.of(), drain(reader, false));
    }

    @Test
    void aHeaderWithoutTheTimeAttributeIsRefused() throws IOException {
        FileSourceSplit file = file("id,tpep_dropoff_datetime\na,1\n");
        LineFormat format = format(FileFormat.CSV, false);
        String message =
                assertThrows(IOException.class, () -> format.createReader(new Configuration(), file)).getMessage();
        assertEquals(
                "the header of "
                        + file.path()
                        + " must have the time attribute time (got id,tpep_dropoff_datetime);"
                        + " name another by 'time-attribute'",
                message);
    }

    @Test
    void aFileIsReadAsAWhole() {
        assertFalse(format(FileFormat.JSON, true).isSplittable());
    }
}
