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

    /** How many writers have been opened behind the buffers. */
    private static int opened;

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
            opened++;
            return new Recorder();
        }
    }

    private final BufferedWriterFactory factory = factory();
    private final BulkWriter<RowData> writer = factory.create(null);

    private static BufferedWriterFactory factory() {
        try {
            return InstantiationUtil.clone(new BufferedWriterFactory(new Recorders(), ROWS));
        } catch (IOException | ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    @BeforeEach
    void forget() {
        TOLD.clear();
        opened = 0;
    }

    private void write(long from, long to) throws IOException {
        write(writer, from, to);
    }

    /** Write the rows from one number to before another, all in one object, as Flink may. */
    private static void write(BulkWriter<RowData> writer, long from, long to) throws IOException {
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
    void aFileOfFewRowsOpensItsWriterOnlyAtItsEnd() throws IOException {
        List<BulkWriter<RowData>> files = new ArrayList<>();
        for (int file = 0; file < 31_560; file++) {
            files.add(factory.create(null));
            write(files.get(file), file, file + 1);
        }
        assertEquals(0, opened);
        for (BulkWriter<RowData> file : files) {
            file.finish();
        }
        assertEquals(31_560, opened);
    }

    @Test
    void beyondAThousandOpenWritersFilesCollectMoreRowsUntilOneIsClosed() throws IOException {
        for (int file = 1; file < BufferedWriterFactory.MOST_OPEN; file++) {
            write(factory.create(null), 0, BufferedWriter.ROWS);
        }
        BulkWriter<RowData> last = factory.create(null);
        write(last, 0, BufferedWriter.ROWS);
        assertEquals(BufferedWriterFactory.MOST_OPEN, opened);
        TOLD.clear();

        write(0, BufferedWriter.MOST_ROWS - 1);
        assertEquals(List.of(), TOLD);
        last.finish();
        write(BufferedWriter.MOST_ROWS - 1, BufferedWriter.MOST_ROWS);
        assertEquals(numbers(0, BufferedWriter.MOST_ROWS), TOLD.subList(1, TOLD.size()));
    }

    @Test
    void aFileThatHasCollectedVeryManyRowsGetsAWriterInAnyCase() throws IOException {
        for (int file = 0; file < BufferedWriterFactory.MOST_OPEN; file++) {
            write(factory.create(null), 0, BufferedWriter.ROWS);
        }
        TOLD.clear();
        write(0, BufferedWriter.MOST_ROWS);
        assertEquals(numbers(0, BufferedWriter.MOST_ROWS), TOLD);
    }

    @Test
    void aFileWithoutRowsIsFinishedAsWell() throws IOException {
        writer.finish();
        assertEquals(List.of("finish"), TOLD);
    }
}
