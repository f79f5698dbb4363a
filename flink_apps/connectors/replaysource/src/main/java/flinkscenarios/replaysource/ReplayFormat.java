package flinkscenarios.replaysource;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import javax.annotation.Nullable;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.file.src.FileSourceSplit;
import org.apache.flink.connector.file.src.reader.BulkFormat;
import org.apache.flink.connector.file.src.util.ArrayResultIterator;
import org.apache.flink.connector.file.src.util.CheckpointedPosition;
import org.apache.flink.core.fs.Path;
import org.apache.flink.table.data.RowData;
import org.apache.flink.util.ExceptionUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads a file row by row, as far as it can be read.
 *
 * <p>A file that is damaged, that is gone, or that lacks needed columns, ends there: the log names it, the statistics
 * count it, and the files after it are read. But if the file system fails, so does the reader, and the job's restart
 * tries again.
 */
final class ReplayFormat implements BulkFormat<RowData, FileSourceSplit> {

    private static final long serialVersionUID = 1L;
    private static final Logger LOG = LoggerFactory.getLogger(ReplayFormat.class);
    private static final int ROWS_PER_BATCH = 1_000;

    private final ReplayOptions options;
    private final List<String> columns;
    private final FileColumns fileColumns;
    private final boolean withLine;
    private final TypeInformation<RowData> type;
    /** Null except in the task that reads. */
    @Nullable private final transient ReplayStatistics statistics;

    ReplayFormat(ReplayOptions options, List<String> columns, boolean withLine, TypeInformation<RowData> type) {
        this(
                options,
                columns,
                new FileColumns(columns, options.otherNames(), options.neededColumns()),
                withLine,
                type,
                null);
    }

    private ReplayFormat(
            ReplayOptions options,
            List<String> columns,
            FileColumns fileColumns,
            boolean withLine,
            TypeInformation<RowData> type,
            @Nullable ReplayStatistics statistics) {
        this.options = options;
        this.columns = List.copyOf(columns);
        this.fileColumns = fileColumns;
        this.withLine = withLine;
        this.type = type;
        this.statistics = statistics;
    }

    /** The same format, which counts the files that it cannot read to their end. */
    ReplayFormat counting(ReplayStatistics counts) {
        return new ReplayFormat(options, columns, fileColumns, withLine, type, counts);
    }

    /** What a row is made of: rows in a checkpoint can be read only by a format with the same description. */
    String description() {
        return options.format() + "(" + String.join(", ", columns) + (withLine ? ", line" : "") + ")";
    }

    @Override
    public Reader createReader(Configuration config, FileSourceSplit split) throws IOException {
        return new Reader(split);
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

    /** Takes ownership of the file, and closes it if it throws. */
    private FileRows rows(SourceFile file, long size) throws IOException {
        if (options.format() == ReplayOptions.FileFormat.PARQUET) {
            return new ParquetRows(file, size, fileColumns, options.timeZone());
        }
        Lines lines = new Lines(file);
        try {
            return new LineRows(lines, fields(lines), columns.size(), withLine);
        } catch (IOException | RuntimeException e) {
            lines.close();
            throw e;
        }
    }

    private FieldReader fields(Lines lines) throws IOException {
        if (options.format() == ReplayOptions.FileFormat.JSON) {
            return new JsonFields(columns);
        }
        byte[] header = lines.next();
        return header == null ? (line, row) -> {} : new CsvFields(header, fileColumns);
    }

    /** Reads one file. */
    final class Reader implements BulkFormat.Reader<RowData> {

        private final Path path;
        @Nullable private SourceFile file;
        /** Null when the file has ended, wherever that was. */
        @Nullable private FileRows rows;

        private long rowsRead;

        private Reader(FileSourceSplit split) throws IOException {
            path = split.path();
            if (split.length() == 0) {
                // A text without lines; of Parquet, too, an empty file is one without rows.
                return;
            }
            try {
                file = SourceFile.open(path);
                rows = rows(file, split.length());
            } catch (IOException e) {
                end(e);
            }
        }

        @Nullable
        @Override
        public RecordIterator<RowData> readBatch() throws IOException {
            RowData[] batch = new RowData[ROWS_PER_BATCH];
            int size = 0;
            while (size < batch.length) {
                RowData row = next();
                if (row == null) {
                    break;
                }
                batch[size++] = row;
            }
            if (size == 0) {
                return null;
            }
            ArrayResultIterator<RowData> iterator = new ArrayResultIterator<>();
            iterator.set(batch, size, CheckpointedPosition.NO_OFFSET, rowsRead);
            rowsRead += size;
            return iterator;
        }

        @Override
        public void close() throws IOException {
            if (rows != null) {
                rows.close();
                rows = null;
            }
        }

        private void skip(long count) throws IOException {
            while (rowsRead < count && next() != null) {
                rowsRead++;
            }
        }

        @Nullable
        private RowData next() throws IOException {
            if (rows == null) {
                return null;
            }
            try {
                return rows.next();
            } catch (IOException e) {
                RowData last = rows.cutOff();
                end(e);
                return last;
            }
        }

        /** Ends the file, or throws the exception if another attempt may read it. */
        private void end(IOException e) throws IOException {
            boolean gone =
                    ExceptionUtils.findThrowable(e, FileNotFoundException.class).isPresent()
                            || ExceptionUtils.findThrowable(e, NoSuchFileException.class).isPresent();
            if (!gone && (file == null || file.failed())) {
                throw new IOException(path + " cannot be read: " + e.getMessage(), e);
            }
            close();
            String reason = gone ? "it is gone" : e instanceof MissingColumnsException ? e.getMessage() : damage(e);
            String report = String.format("%s is not read to its end: %s", path, reason);
            LOG.error("{}; the replay goes on with the next file", report);
            if (statistics != null) {
                statistics.fileEndedEarly(report, e instanceof MissingColumnsException);
            }
        }

        private String damage(IOException e) {
            return "it is damaged (" + e.toString().lines().findFirst().orElse("") + ")";
        }
    }
}
