package flinkscenarios.prometheus;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.table.data.GenericMapData;
import org.apache.flink.table.data.StringData;
import org.junit.jupiter.api.Test;
import org.xerial.snappy.Snappy;

class WriteRequestEncoderTest {

    private final WriteRequestEncoder encoder = new WriteRequestEncoder();

    private static Sample sample(String name, double value, long millis) {
        byte[] series = SeriesLabels.encode(name.getBytes(StandardCharsets.UTF_8), null, NameValidation.LEGACY);
        return new Sample(series, value, millis);
    }

    /** The bytes are put together by hand from the encodings of protobuf and the specification's field numbers. */
    @Test
    void aRequestHasTheBytesOfTheSpecification() throws IOException {
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        expected.write(new byte[] {0x0a, 28}); // timeseries
        expected.write(new byte[] {0x0a, 13}); // labels
        expected.write(new byte[] {0x0a, 8});
        expected.write("__name__".getBytes(StandardCharsets.US_ASCII));
        expected.write(new byte[] {0x12, 1, 'a'});
        expected.write(new byte[] {0x12, 11}); // samples
        expected.write(new byte[] {0x09, 0, 0, 0, 0, 0, 0, (byte) 0xf0, 0x3f, 0x10, 2});
        assertArrayEquals(expected.toByteArray(), Snappy.uncompress(encoder.encode(List.of(sample("a", 1.0, 2)))));
    }

    /** As Prometheus 3 takes them: a name is a text like any other, and its place is that of its bytes. */
    @Test
    void namesInUtf8AreSentAsTheirBytes() throws IOException {
        Map<StringData, StringData> labels = Map.of(
                StringData.fromString("°"), StringData.fromString("C"),
                StringData.fromString("http.route"), StringData.fromString("/"));
        byte[] name = "http.server.duration".getBytes(StandardCharsets.UTF_8);
        byte[] series = SeriesLabels.encode(name, new GenericMapData(labels), NameValidation.UTF8);
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        for (String[] label : new String[][] {{"__name__", "http.server.duration"}, {"http.route", "/"}, {"°", "C"}}) {
            byte[] key = label[0].getBytes(StandardCharsets.UTF_8);
            byte[] value = label[1].getBytes(StandardCharsets.UTF_8);
            expected.write(new byte[] {0x0a, (byte) (4 + key.length + value.length), 0x0a, (byte) key.length});
            expected.write(key);
            expected.write(new byte[] {0x12, (byte) value.length});
            expected.write(value);
        }
        expected.write(new byte[] {0x12, 11, 0x09, 0, 0, 0, 0, 0, 0, (byte) 0xf0, 0x3f, 0x10, 2});
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.write(new byte[] {0x0a, (byte) expected.size()});
        expected.writeTo(request);
        assertArrayEquals(
                request.toByteArray(), Snappy.uncompress(encoder.encode(List.of(new Sample(series, 1.0, 2)))));
    }

    /** The block format begins with the length as a varint; the stream format would begin with 0xff, and a name. */
    @Test
    void aBodyIsInTheBlockFormatOfSnappy() throws IOException {
        assertEquals(30, encoder.encode(List.of(sample("a", 1.0, 2)))[0]);
    }

    @Test
    void theSizeOfASampleIsThatOfItsBytes() throws IOException {
        for (long millis : new long[] {0, 127, 128, Long.MAX_VALUE, -1}) {
            Sample sample = sample("n".repeat(200), 1.0, millis);
            assertEquals(sample.size(), Snappy.uncompressedLength(encoder.encode(List.of(sample))));
        }
    }

    @Test
    void samplesKeepTheirOrderAndAnEarlierRequestLeavesNothingBehind() throws IOException {
        List<Sample> many = new ArrayList<>();
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            many.add(sample("m" + i % 3, i, i));
            expected.add("{__name__=\"m" + i % 3 + "\"} " + i + ".0 @" + i);
        }
        assertEquals(expected, WriteRequests.read(encoder.encode(many)));
        assertEquals(expected.subList(0, 1), WriteRequests.read(encoder.encode(many.subList(0, 1))));
    }
}
