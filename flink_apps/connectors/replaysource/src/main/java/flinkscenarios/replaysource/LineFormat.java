package flinkscenarios.replaysource;

import java.io.IOException;
import java.util.List;
import javax.annotation.Nullable;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.file.src.FileSourceSplit;
import org.apache.flink.connector.file.src.reader.BulkFormat;
import org.apache.flink.connector.file.src.util.ArrayResultIterator;
import org.apache.flink.connector.file.src.util.CheckpointedPosition;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;

/**
 * Reads a text file line by line. Each line is a row, even if it is malformed: its fields as text, and, if the query
 * reads it, the bytes of the line in a last column.
 */
final class LineFormat implements BulkFormat<RowData, FileSourceSplit> {

    private static final long serialVersionUID = 1L;
    private static final int ROWS_PER_BATCH = 1_000;

    private final ReplayOptions.FileFormat format;
    private final List<String> columns;
    private final String timeAttribute;
    private final boolean withLine;
    private final TypeInformation<RowData> type;

    LineFormat(
            ReplayOptions.FileFormat format,
            List<String> columns,
            String timeAttribute,
            boolean withLine,
            TypeInformation<RowData> type) {
        this.format = format;
        this.columns = List.copyOf(columns);
        this.timeAttribute = timeAttribute;
        this.withLine = withLine;
        this.type = type;
    }

    @Override
    public Reader createReader(Configuration config, FileSourceSplit split) throws IOException {
        Lines lines = new Lines(split.path().getFileSystem().open(split.path()));
        try {
            return new Reader(lines, fieldReader(lines, split));
        } catch (IOException | RuntimeException e) {
            lines.close();
            throw e;
        }
    }

    @Override
    public Reader restoreReader(Configuration config, FileSourceSplit split) throws IOException {
        Reader reader = createReader(config, split);
        reader.skip(split.getReaderPosition().map(CheckpointedPosition::getRecordsAfterOffset).orElse(0L));
        return reader;
    }

    /** False: a compressed file cannot be split, and rows keep the order of the file. */
    @Override
    public boolean isSplittable() {
        return false;
    }

    @Override
    public TypeInformation<RowData> getProducedType() {
        return type;
    }

    private FieldReader fieldReader(Lines lines, FileSourceSplit split) throws IOException {
        if (format == ReplayOptions.FileFormat.JSON) {
            return new JsonFields(columns);
        }
        byte[] header = lines.next();
        CsvFields fields = new CsvFields(header == null ? new byte[0] : header, columns);
        if (header != null && !fields.header().contains(timeAttribute)) {
            throw new IOException(
                    String.format(
                            "the header of %s must have the time attribute %s (got %s); name another by '%s'",
                            split.path(),
                            timeAttribute,
                            String.join(",", fields.header()),
                            ReplayOptions.TIME_ATTRIBUTE.key()));
        }
        return fields;
    }

    /** Reads one file. */
    final class Reader implements BulkFormat.Reader<RowData> {

        private final Lines lines;
        private final FieldReader fields;
        private long rowsRead;

        private Reader(Lines lines, FieldReader fields) {
            this.lines = lines;
            this.fields = fields;
        }

        @Nullable
        @Override
        public RecordIterator<RowData> readBatch() throws IOException {
            RowData[] rows = new RowData[ROWS_PER_BATCH];
            int size = 0;
            while (size < rows.length) {
                byte[] line = lines.next();
                if (line == null) {
                    break;
                }
                rows[size++] = row(line);
            }
            if (size == 0) {
                return null;
            }
            ArrayResultIterator<RowData> batch = new ArrayResultIterator<>();
            batch.set(rows, size, CheckpointedPosition.NO_OFFSET, rowsRead);
            rowsRead += size;
            return batch;
        }

        @Override
        public void close() throws IOException {
            lines.close();
        }

        private void skip(long rows) throws IOException {
            while (rowsRead < rows && lines.next() != null) {
                rowsRead++;
            }
        }

        private RowData row(byte[] line) {
            GenericRowData row = new GenericRowData(columns.size() + (withLine ? 1 : 0));
            fields.read(line, row);
            if (withLine) {
                row.setField(columns.size(), line);
            }
            return row;
        }
    }
}
