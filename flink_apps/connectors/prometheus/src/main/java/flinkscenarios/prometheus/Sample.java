package flinkscenarios.prometheus;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.Serializable;

/** A value of a series at a time. The series is its labels, as {@link SeriesLabels} encodes them. */
final class Sample implements Serializable {

    /** The largest sample that is accepted; no store of metrics allows a tenth of that. */
    static final int MAX_BYTES = 1 << 20;

    private static final long serialVersionUID = 1L;

    // Numbers of the fields of WriteRequest, TimeSeries and Sample.
    private static final int TIME_SERIES = 1;
    private static final int SAMPLES = 2;
    private static final int VALUE = 1;
    private static final int TIMESTAMP = 2;

    private final byte[] labels;
    private final double value;
    private final long millis;

    Sample(byte[] labels, double value, long millis) {
        this.labels = labels;
        this.value = value;
        this.millis = millis;
    }

    /** Its bytes in a request, before compression. */
    int size() {
        int series = seriesSize();
        return CodedOutputStream.computeTagSize(TIME_SERIES)
                + CodedOutputStream.computeUInt32SizeNoTag(series)
                + series;
    }

    /** Writes it as a time series of a request. */
    void writeTo(CodedOutputStream request) throws IOException {
        request.writeTag(TIME_SERIES, WireFormat.WIRETYPE_LENGTH_DELIMITED);
        request.writeUInt32NoTag(seriesSize());
        request.writeRawBytes(labels);
        request.writeTag(SAMPLES, WireFormat.WIRETYPE_LENGTH_DELIMITED);
        request.writeUInt32NoTag(sampleSize());
        request.writeDouble(VALUE, value);
        request.writeInt64(TIMESTAMP, millis);
    }

    /** Writes it for a checkpoint. */
    void save(DataOutputStream out) throws IOException {
        out.writeInt(labels.length);
        out.write(labels);
        out.writeDouble(value);
        out.writeLong(millis);
    }

    /** Reads what {@link #save} wrote. */
    static Sample restore(DataInputStream in) throws IOException {
        byte[] labels = new byte[in.readInt()];
        in.readFully(labels);
        return new Sample(labels, in.readDouble(), in.readLong());
    }

    private int seriesSize() {
        int sample = sampleSize();
        return labels.length
                + CodedOutputStream.computeTagSize(SAMPLES)
                + CodedOutputStream.computeUInt32SizeNoTag(sample)
                + sample;
    }

    private int sampleSize() {
        return CodedOutputStream.computeDoubleSize(VALUE, value)
                + CodedOutputStream.computeInt64Size(TIMESTAMP, millis);
    }
}
