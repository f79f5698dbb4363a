package flinkscenarios.prometheus;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import javax.annotation.Nullable;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.MapData;
import org.apache.flink.table.data.StringData;

/**
 * The labels of a series, one of which is the metric's name: checked, sorted by name, and encoded as the repeated field
 * of a time series. They stay in UTF-8, as in the rows of a table.
 */
final class SeriesLabels {

    // Numbers of the fields of TimeSeries and Label.
    private static final int LABELS = 1;
    private static final int NAME = 1;
    private static final int VALUE = 2;

    private static final StringData EMPTY = StringData.fromString("");
    private static final byte[] NOTHING = new byte[0];
    private static final byte[] METRIC_NAME = "__name__".getBytes(StandardCharsets.US_ASCII);

    private final byte[][] names;
    private final byte[][] values;
    private int count;

    private SeriesLabels(int most) {
        names = new byte[most][];
        values = new byte[most][];
    }

    /**
     * Encodes a series.
     *
     * @param metricName in UTF-8
     * @param labels names and values, both strings; a label whose value is NULL or empty is left out
     * @param rule which names are legal
     * @throws IllegalSampleException a name is illegal, or a value is not UTF-8
     */
    static byte[] encode(byte[] metricName, @Nullable MapData labels, NameValidation rule) {
        if (!rule.allowsMetric(metricName)) {
            throw illegal("metric name", rule.ofMetrics(), metricName, rule.fix("metric"));
        }
        int size = labels == null ? 0 : labels.size();
        SeriesLabels series = new SeriesLabels(size + 1);
        series.add(METRIC_NAME, metricName);
        if (size > 0) {
            ArrayData names = labels.keyArray();
            ArrayData values = labels.valueArray();
            for (int i = 0; i < size; i++) {
                byte[] value = isEmpty(values, i) ? NOTHING : values.getString(i).toBytes();
                series.addChecked(names.isNullAt(i) ? NOTHING : names.getString(i).toBytes(), value, rule);
            }
        }
        return series.encoded();
    }

    /** Whether a label has no value, so that it is not part of the series. */
    static boolean isEmpty(ArrayData values, int label) {
        return values.isNullAt(label) || values.getString(label).equals(EMPTY);
    }

    private void addChecked(byte[] name, byte[] value, NameValidation rule) {
        if (!rule.allowsLabel(name)) {
            throw illegal("label name", rule.ofLabels(), name, rule.fix("label"));
        }
        if (value.length == 0) {
            return;
        }
        if (!NameValidation.isUtf8(value)) {
            throw illegal("value of label " + text(name), "be UTF-8", value, "decode it first");
        }
        add(name, value);
    }

    /** Inserts a label in its place: insertion sort is enough for a few labels. */
    private void add(byte[] name, byte[] value) {
        int place = count;
        int order = 1;
        while (place > 0 && (order = Arrays.compareUnsigned(name, names[place - 1])) < 0) {
            place--;
        }
        if (place > 0 && order == 0) {
            throw illegal("label name", "be there once", name, "leave one out; __name__ is the metric's name");
        }
        System.arraycopy(names, place, names, place + 1, count - place);
        System.arraycopy(values, place, values, place + 1, count - place);
        names[place] = name;
        values[place] = value;
        count++;
    }

    private byte[] encoded() {
        int size = 0;
        for (int i = 0; i < count; i++) {
            int label = labelSize(i);
            size +=
                    CodedOutputStream.computeTagSize(LABELS)
                            + CodedOutputStream.computeUInt32SizeNoTag(label)
                            + label;
        }
        byte[] bytes = new byte[size];
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        try {
            for (int i = 0; i < count; i++) {
                out.writeTag(LABELS, WireFormat.WIRETYPE_LENGTH_DELIMITED);
                out.writeUInt32NoTag(labelSize(i));
                out.writeByteArray(NAME, names[i]);
                out.writeByteArray(VALUE, values[i]);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes;
    }

    private int labelSize(int label) {
        return CodedOutputStream.computeByteArraySize(NAME, names[label])
                + CodedOutputStream.computeByteArraySize(VALUE, values[label]);
    }

    private static IllegalSampleException illegal(String part, String rule, byte[] got, String fix) {
        return IllegalSampleException.of(part, rule, text(got), fix);
    }

    private static String text(byte[] utf8) {
        return new String(utf8, StandardCharsets.UTF_8);
    }
}
