package flinkscenarios.parquet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.runtime.typeutils.RowDataSerializer;
import org.apache.flink.table.types.logical.BigIntType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.VarCharType;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BufferedWriterTest {

    private static final RowDataSerializer ROWS =
            new RowDataSerializer(RowType.of(new BigIntType(), new VarCharType(VarCharType.MAX_LENGTH)));

    /** What the writer behind the buffer is told, in this order: the numbers of rows, and what ends a file. */
    private static final List<Object> TOLD = new ArrayList<>();

    /** Notes what it is told. */
    private static final class Recorder implements BulkWriter<RowData> {

        @Override
        public void addElement(RowData row) {
            assertEquals("trip " + row.getLong(0), row.getString(1).toString());
            TOLD.add(row.getLong(0));
        }

        @Override
        public void flush() {
            TOLD.add("flush");
        }

        @Override
        public void finish() {
            TOLD.add("finish");
        }
    }

    /** Makes recorders, and can be sent to a task. */
    private static final class Recorders implements BulkWriter.Factory<RowData> {

        private static final long serialVersionUID = 1L;

        @Override
        public BulkWriter<RowData> create(FSDataOutputStream file) {
            return new Recorder();
        }
    }

    private final BulkWriter<RowData> writer = writer();

    private static BulkWriter<RowData> writer() {
        try {
            return InstantiationUtil.clone(new BufferedWriterFactory(new Recorders(), ROWS)).create(null);
        } catch (IOException | ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    @BeforeEach
    void forget() {
        TOLD.clear();
    }

    /** Write the rows from one number to before another, all in one object, as Flink may. */
    private void write(long from, long to) throws IOException {
        GenericRowData reused = new GenericRowData(2);
        for (long number = from; number < to; number++) {
            reused.setField(0, number);
            reused.setField(1, StringData.fromString("trip " + number));
            writer.addElement(reused);
        }
    }

    private static List<Object> numbers(long from, long to) {
        return LongStream.range(from, to).boxed().collect(Collectors.toList());
    }

    @Test
    void rowsWaitUntilThereAreEnoughAndComeInTheirOrder() throws IOException {
        write(0, BufferedWriter.ROWS - 1);
        assertTrue(TOLD.isEmpty());
        write(BufferedWriter.ROWS - 1, BufferedWriter.ROWS + 1);
        assertEquals(numbers(0, BufferedWriter.ROWS), TOLD);
    }

    @Test
    void theEndOfAFileHandsOnWhatStillWaits() throws IOException {
        long rows = 2 * BufferedWriter.ROWS + 1;
        write(0, rows);
        writer.finish();
        List<Object> expected = numbers(0, rows);
        expected.add("finish");
        assertEquals(expected, TOLD);
    }

    @Test
    void aFlushHandsOnWhatStillWaits() throws IOException {
        write(0, 3);
        writer.flush();
        write(3, 4);
        writer.finish();
        assertEquals(List.of(0L, 1L, 2L, "flush", 3L, "finish"), TOLD);
    }

    @Test
    void aFileWithoutRowsIsFinishedAsWell() throws IOException {
        writer.finish();
        assertEquals(List.of("finish"), TOLD);
    }
}
