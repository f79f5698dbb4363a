package flinkscenarios.json;

import java.io.IOException;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.formats.common.TimestampFormat;
import org.apache.flink.formats.json.JsonFormatOptions.MapNullKeyMode;
import org.apache.flink.formats.json.JsonRowDataSerializationSchema;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.RowType;

/** Creates a {@link JsonLinesWriter} for each file. */
final class JsonLinesWriterFactory implements BulkWriter.Factory<RowData> {

    private static final long serialVersionUID = 1L;

    private static final boolean DECIMALS_PLAIN = true;
    private static final boolean NULLS_LEFT_OUT = true;

    private final JsonRowDataSerializationSchema encoder;
    private final JsonLinesCompression compression;

    /** @throws UnsupportedOperationException a column has a type that JSON cannot represent */
    JsonLinesWriterFactory(RowType rowType, JsonLinesCompression compression) {
        this.encoder =
                new JsonRowDataSerializationSchema(
                        rowType, TimestampFormat.ISO_8601, MapNullKeyMode.FAIL, "", DECIMALS_PLAIN, NULLS_LEFT_OUT);
        this.compression = compression;
    }

    @Override
    public BulkWriter<RowData> create(FSDataOutputStream file) throws IOException {
        try {
            encoder.open(null);
        } catch (Exception e) {
            throw new IOException("the JSON encoder did not open", e);
        }
        return new JsonLinesWriter(encoder, file, compression);
    }
}
