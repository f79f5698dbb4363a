package flinkscenarios.replaysource;

import java.io.IOException;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import javax.annotation.Nullable;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.Dictionary;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.DelegatingSeekableInputStream;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.MessageColumnIO;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.io.SeekableInputStream;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.io.api.RecordMaterializer;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;

/**
 * The rows of a Parquet file, with its values as texts: the columns of a name have other types from year to year.
 *
 * <p>As in a CSV file, a value that is null is an empty text, and a column that the file does not have is NULL. A nested
 * or repeated column counts as one that the file does not have.
 */
final class ParquetRows implements FileRows {

    private static final StringData EMPTY = StringData.fromString("");

    private final ParquetFileReader file;
    private final MessageColumnIO columns;
    private final Rows rows;

    @Nullable private RecordReader<RowData> group;
    private long leftInGroup;

    /** Takes ownership of the file, and closes it if it throws. */
    ParquetRows(SourceFile source, long size, FileColumns wanted, ZoneId zone) throws IOException {
        try {
            file = ParquetFileReader.open(new Input(source, size), ParquetReadOptions.builder().build());
            MessageType schema = file.getFileMetaData().getSchema();
            List<Type> fields =
                    schema.getFields().stream()
                            .filter(field -> field.isPrimitive() && !field.isRepetition(Type.Repetition.REPEATED))
                            .collect(Collectors.toList());
            int[] indexes = wanted.in(fields.stream().map(Type::getName).collect(Collectors.toList()));
            rows = new Rows(fields, indexes, zone);
            MessageType read = new MessageType(schema.getName(), rows.read);
            file.setRequestedSchema(read);
            columns = new ColumnIOFactory(file.getFileMetaData().getCreatedBy()).getColumnIO(read, schema);
        } catch (IOException e) {
            source.close();
            throw e;
        } catch (RuntimeException e) {
            source.close();
            throw damage(e);
        }
    }

    @Nullable
    @Override
    public RowData next() throws IOException {
        try {
            while (leftInGroup == 0) {
                PageReadStore pages = file.readNextRowGroup();
                if (pages == null) {
                    return null;
                }
                group = columns.getRecordReader(pages, rows);
                leftInGroup = pages.getRowCount();
            }
            leftInGroup--;
            return group.read();
        } catch (RuntimeException e) {
            throw damage(e);
        }
    }

    /** Whatever Parquet finds wrong with a file, it throws exceptions of many classes, even the most general one. */
    private static IOException damage(RuntimeException e) {
        return new IOException(e.getMessage() == null ? e.toString() : e.getMessage(), e);
    }

    @Nullable
    @Override
    public RowData cutOff() {
        return null;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    /** Makes rows of records. */
    private static final class Rows extends RecordMaterializer<RowData> {

        private final List<Type> read = new ArrayList<>();
        private final List<Converter> converters = new ArrayList<>();
        private final GenericRowData empty;
        private GenericRowData row;

        private final GroupConverter record =
                new GroupConverter() {
                    @Override
                    public Converter getConverter(int field) {
                        return converters.get(field);
                    }

                    @Override
                    public void start() {
                        row = new GenericRowData(empty.getArity());
                        for (int column = 0; column < empty.getArity(); column++) {
                            row.setField(column, empty.getField(column));
                        }
                    }

                    @Override
                    public void end() {}
                };

        /**
         * @param indexes for each column of a row its index among the fields, or -1
         */
        Rows(List<Type> fields, int[] indexes, ZoneId zone) {
            empty = new GenericRowData(indexes.length);
            for (int field = 0; field < fields.size(); field++) {
                List<Integer> columns = new ArrayList<>();
                for (int column = 0; column < indexes.length; column++) {
                    if (indexes[column] == field) {
                        columns.add(column);
                        empty.setField(column, EMPTY);
                    }
                }
                if (!columns.isEmpty()) {
                    read.add(fields.get(field));
                    converters.add(
                            new Value(new ParquetText(fields.get(field).asPrimitiveType(), zone), columns));
                }
            }
        }

        @Override
        public RowData getCurrentRecord() {
            return row;
        }

        @Override
        public GroupConverter getRootConverter() {
            return record;
        }

        /** Sets the columns of a field; the texts of a dictionary are made once. */
        private final class Value extends PrimitiveConverter {

            private final ParquetText texts;
            private final int[] columns;
            private StringData[] dictionary;

            Value(ParquetText texts, List<Integer> columns) {
                this.texts = texts;
                this.columns = columns.stream().mapToInt(Integer::intValue).toArray();
            }

            @Override
            public boolean hasDictionarySupport() {
                return true;
            }

            @Override
            public void setDictionary(Dictionary values) {
                dictionary = new StringData[values.getMaxId() + 1];
                for (int id = 0; id < dictionary.length; id++) {
                    dictionary[id] = StringData.fromString(texts.of(values, id));
                }
            }

            @Override
            public void addValueFromDictionary(int id) {
                set(dictionary[id]);
            }

            @Override
            public void addInt(int value) {
                set(StringData.fromString(texts.of((long) value)));
            }

            @Override
            public void addLong(long value) {
                set(StringData.fromString(texts.of(value)));
            }

            @Override
            public void addFloat(float value) {
                set(StringData.fromString(texts.of(value)));
            }

            @Override
            public void addDouble(double value) {
                set(StringData.fromString(texts.of(value)));
            }

            @Override
            public void addBoolean(boolean value) {
                set(StringData.fromString(Boolean.toString(value)));
            }

            @Override
            public void addBinary(Binary value) {
                set(StringData.fromString(texts.of(value)));
            }

            private void set(StringData text) {
                for (int column : columns) {
                    row.setField(column, text);
                }
            }
        }
    }

    /** The file as Parquet wants it. */
    private static final class Input implements InputFile {

        private final SourceFile source;
        private final long size;

        Input(SourceFile source, long size) {
            this.source = source;
            this.size = size;
        }

        @Override
        public long getLength() {
            return size;
        }

        @Override
        public SeekableInputStream newStream() {
            return new DelegatingSeekableInputStream(source) {
                @Override
                public long getPos() throws IOException {
                    return source.getPos();
                }

                @Override
                public void seek(long position) throws IOException {
                    source.seek(position);
                }
            };
        }
    }
}
