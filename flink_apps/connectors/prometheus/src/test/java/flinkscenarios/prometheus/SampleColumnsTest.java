package flinkscenarios.prometheus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.GenericMapData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.DataType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SampleColumnsTest {

    static final DataType ROW = row(DataTypes.BIGINT());

    private static DataType row(DataType timestamp) {
        return DataTypes.ROW(
                DataTypes.FIELD("metric_name", DataTypes.STRING()),
                DataTypes.FIELD("labels", DataTypes.MAP(DataTypes.STRING(), DataTypes.STRING())),
                DataTypes.FIELD("value", DataTypes.DOUBLE()),
                DataTypes.FIELD("timestamp", timestamp));
    }

    /** A row with these labels: name, value, and so on. */
    static GenericRowData of(String metric, Double value, Object timestamp, String... labels) {
        Map<StringData, StringData> map = new HashMap<>();
        for (int i = 0; i < labels.length; i += 2) {
            map.put(StringData.fromString(labels[i]), StringData.fromString(labels[i + 1]));
        }
        return GenericRowData.of(StringData.fromString(metric), new GenericMapData(map), value, timestamp);
    }

    private static String read(GenericRowData row, DataType type) throws IOException {
        return read(row, type, new Configuration());
    }

    private static String read(GenericRowData row, DataType type, Configuration config) throws IOException {
        Sample sample = SampleColumns.from(config, type).apply(row, null);
        List<String> samples = WriteRequests.read(new WriteRequestEncoder().encode(List.of(sample)));
        assertEquals(1, samples.size());
        return samples.get(0);
    }

    private static String refusal(GenericRowData row) {
        return refusal(row, new Configuration());
    }

    private static String refusal(GenericRowData row, Configuration config) {
        return assertThrows(IllegalSampleException.class, () -> read(row, ROW, config)).getMessage();
    }

    @Test
    void aRowIsASampleWithItsLabelsSortedByName() throws IOException {
        assertEquals(
                "{Zone=\"z\",__name__=\"fares:sum\",_a=\"1\",a=\"2\",ab=\"ü €\"} -1.5 @-2",
                read(of("fares:sum", -1.5, -2L, "ab", "ü €", "a", "2", "Zone", "z", "_a", "1"), ROW));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 9})
    void aTimestampOfAnyPrecisionIsSentInMilliseconds(int precision) throws IOException {
        TimestampData time = TimestampData.fromInstant(Instant.parse("2024-02-29T12:34:56.789Z"));
        DataType type = row(DataTypes.TIMESTAMP_LTZ(precision));
        assertEquals("{__name__=\"m\"} 0.0 @1709210096789", read(of("m", 0.0, time), type));
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, -0.0, Double.MIN_VALUE})
    void anyNumberIsAValue(double value) throws IOException {
        assertEquals("{__name__=\"m\"} " + value + " @0", read(of("m", value, 0L), ROW));
    }

    @Test
    void aLabelWithoutAValueIsLeftOut() throws IOException {
        GenericRowData row = of("m", 1.0, 1L, "empty", "", "none", null, "full", "x");
        assertEquals("{__name__=\"m\",full=\"x\"} 1.0 @1", read(row, ROW));
    }

    @Test
    void aRowWithoutLabelsHasTheMetricName() throws IOException {
        GenericRowData row = of("m", 1.0, 1L);
        row.setField(1, null);
        assertEquals("{__name__=\"m\"} 1.0 @1", read(row, ROW));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "9m", "a-b", "a b", "é", "a.b", "a\n"})
    void anIllegalMetricNameIsRefused(String name) {
        assertEquals(
                "the metric name must match [a-zA-Z_:][a-zA-Z0-9_:]* (got " + name + "); rename the metric, or set"
                        + " 'name-validation-scheme' to 'utf8' if the server allows it",
                refusal(of(name, 1.0, 1L)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "9l", "a:b", "a-b", "é"})
    void anIllegalLabelNameIsRefusedEvenWithoutAValue(String name) {
        assertEquals(
                "the label name must match [a-zA-Z_][a-zA-Z0-9_]* (got " + name + "); rename the label, or set"
                        + " 'name-validation-scheme' to 'utf8' if the server allows it",
                refusal(of("m", 1.0, 1L, name, "")));
    }

    private static final Configuration UTF8 = Configuration.fromMap(Map.of("name-validation-scheme", "utf8"));

    @ParameterizedTest
    @ValueSource(strings = {"http.server.duration", "9m", "a b", "Temperatur (°C)", "λ"})
    void withUtf8ANameIsAnyText(String name) throws IOException {
        assertEquals(
                "{__name__=\"" + name + "\",~" + name + "=\"x\"} 1.0 @1",
                read(of(name, 1.0, 1L, "~" + name, "x"), ROW, UTF8));
    }

    @Test
    void withUtf8ANameMustBeThereAndBeUtf8() {
        for (byte[] bad : new byte[][] {{}, {'x', (byte) 0xff}}) {
            GenericRowData metric = of("m", 1.0, 1L);
            metric.setField(0, StringData.fromBytes(bad));
            GenericRowData label = of("m", 1.0, 1L);
            label.setField(1, new GenericMapData(Map.of(StringData.fromBytes(bad), StringData.fromString("x"))));
            String got = " must be text in UTF-8 (got " + (bad.length == 0 ? "" : "x\ufffd") + "); rename the ";
            assertEquals("the metric name" + got + "metric", refusal(metric, UTF8));
            assertEquals("the label name" + got + "label", refusal(label, UTF8));
        }
    }

    @Test
    void aLabelCannotBeASecondMetricName() {
        assertEquals(
                "the label name must be there once (got __name__); leave one out; __name__ is the metric's name",
                refusal(of("m", 1.0, 1L, "__name__", "n", "a", "1", "_b", "2")));
    }

    @Test
    void aLabelNameCannotBeMissing() {
        GenericRowData row = of("m", 1.0, 1L);
        Map<StringData, StringData> map = new HashMap<>();
        map.put(null, StringData.fromString("x"));
        row.setField(1, new GenericMapData(map));
        assertEquals(
                "the label name must match [a-zA-Z_][a-zA-Z0-9_]* (got ); rename the label, or set"
                        + " 'name-validation-scheme' to 'utf8' if the server allows it",
                refusal(row));
    }

    @Test
    void aValueThatIsNotUtf8IsRefused() {
        GenericRowData row = of("m", 1.0, 1L);
        StringData bad = StringData.fromBytes(new byte[] {'x', (byte) 0xff});
        row.setField(1, new GenericMapData(Map.of(StringData.fromString("l"), bad)));
        assertEquals("the value of label l must be UTF-8 (got x\ufffd); decode it first", refusal(row));
    }

    @Test
    void whatIsMissingIsNamed() {
        GenericRowData noName = of("m", 1.0, 1L);
        noName.setField(0, null);
        assertEquals("the metric name must be set (got NULL); leave such rows out", refusal(noName));
        assertEquals("the value must be set (got NULL); leave such rows out", refusal(of("m", null, 1L)));
        assertEquals("the timestamp must be set (got NULL); leave such rows out", refusal(of("m", 1.0, null)));
    }

    @Test
    void aSampleThatNoStoreTakesIsRefused() {
        assertEquals(
                "the sample must have at most 1048576 bytes (got 1048619); cut its labels",
                refusal(of("m", 1.0, 1L, "l", "x".repeat(1 << 20))));
    }

    private static int series(String metric, String... labels) {
        return SampleColumns.from(new Configuration(), ROW).series(of(metric, 0.0, 0L, labels));
    }

    @Test
    void aSeriesIsTheSameWhateverTheOrderOfItsLabels() {
        assertEquals(series("m", "a", "1", "b", "2"), series("m", "b", "2", "a", "1"));
    }

    @Test
    void aLabelWithoutAValueMakesNoOtherSeries() {
        int one = series("m", "a", "1");
        assertEquals(one, series("m", "a", "1", "b", ""));
        assertEquals(one, series("m", "a", "1", "b", null));
        GenericRowData none = of("m", 0.0, 0L);
        none.setField(1, null);
        assertEquals(series("m", "b", ""), SampleColumns.from(new Configuration(), ROW).series(none));
    }

    @Test
    void anotherNameOrLabelIsAnotherSeries() {
        Set<Integer> all = Set.of(series("m", "a", "1"), series("n", "a", "1"), series("m", "a", "2"));
        assertEquals(3, all.size());
    }

    @Test
    void whatIsMissingIsNoTroubleForTheSeries() {
        SampleColumns columns = SampleColumns.from(new Configuration(), ROW);
        Map<StringData, StringData> labels = new HashMap<>();
        labels.put(StringData.fromString("a"), null);
        columns.series(GenericRowData.of(null, null, null, null));
        columns.series(GenericRowData.of(null, new GenericMapData(labels), null, null));
    }
}
