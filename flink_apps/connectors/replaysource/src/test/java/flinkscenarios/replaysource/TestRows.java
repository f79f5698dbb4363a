package flinkscenarios.replaysource;

import java.io.IOException;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.api.java.typeutils.GenericTypeInfo;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;

/** Rows of one column, the time as text; the table runtime, which has the real serializer, is not at hand in tests. */
final class TestRows {

    static final TypeInformation<RowData> TYPE = new GenericTypeInfo<>(RowData.class);
    static final TypeSerializer<RowData> SERIALIZER = new Serializer();

    private TestRows() {}

    static RowData row(String time) {
        return GenericRowData.of(StringData.fromString(time));
    }

    private static final class Serializer extends TypeSerializerSingleton<RowData> {

        private static final long serialVersionUID = 1L;

        @Override
        public boolean isImmutableType() {
            return false;
        }

        @Override
        public RowData createInstance() {
            return new GenericRowData(1);
        }

        @Override
        public RowData copy(RowData from) {
            return row(from.getString(0).toString());
        }

        @Override
        public RowData copy(RowData from, RowData reuse) {
            return copy(from);
        }

        @Override
        public int getLength() {
            return -1;
        }

        @Override
        public void serialize(RowData row, DataOutputView out) throws IOException {
            out.writeUTF(row.getString(0).toString());
        }

        @Override
        public RowData deserialize(DataInputView in) throws IOException {
            return row(in.readUTF());
        }

        @Override
        public RowData deserialize(RowData reuse, DataInputView in) throws IOException {
            return deserialize(in);
        }

        @Override
        public void copy(DataInputView in, DataOutputView out) throws IOException {
            serialize(deserialize(in), out);
        }

        @Override
        public TypeSerializerSnapshot<RowData> snapshotConfiguration() {
            return new SimpleTypeSerializerSnapshot<>(() -> SERIALIZER) {};
        }
    }
}
