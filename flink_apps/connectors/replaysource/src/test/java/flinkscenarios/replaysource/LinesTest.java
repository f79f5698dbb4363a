package flinkscenarios.replaysource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.ZstdOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LinesTest {

    private static final String TEXT = "first\nzweite ü\nthird\n";
    private static final List<String> LINES = List.of("first", "zweite ü", "third");

    private static List<String> lines(byte[] file) throws IOException {
        List<String> all = new ArrayList<>();
        try (Lines lines = new Lines(new ByteArrayInputStream(file))) {
            for (byte[] line = lines.next(); line != null; line = lines.next()) {
                all.add(new String(line, StandardCharsets.UTF_8));
            }
        }
        return all;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] gzip(String text) throws IOException {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(file)) {
            out.write(bytes(text));
        }
        return file.toByteArray();
    }

    private static byte[] zstd(String text) throws IOException {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        try (OutputStream out = new ZstdOutputStream(file)) {
            out.write(bytes(text));
        }
        return file.toByteArray();
    }

    private static byte[] joined(byte[] one, byte[] other) throws IOException {
        ByteArrayOutputStream both = new ByteArrayOutputStream();
        both.write(one);
        both.write(other);
        return both.toByteArray();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                TEXT,
                "first\nzweite ü\nthird",
                "first\r\nzweite ü\r\nthird\r\n",
                "\n\nfirst\n\nzweite ü\n\r\nthird\n\n"
            })
    void linesComeWithoutTheirEndsAndEmptyOnesNotAtAll(String text) throws IOException {
        assertEquals(LINES, lines(bytes(text)));
    }

    @Test
    void anEmptyFileHasNoLines() throws IOException {
        assertEquals(List.of(), lines(new byte[0]));
    }

    @Test
    void aCompressedFileIsKnownByItsFirstBytes() throws IOException {
        assertEquals(LINES, lines(gzip(TEXT)));
        assertEquals(LINES, lines(zstd(TEXT)));
    }

    @Test
    void compressedFilesThatWereJoinedAreReadToTheirEnd() throws IOException {
        List<String> twice = new ArrayList<>(LINES);
        twice.addAll(LINES);
        assertEquals(twice, lines(joined(gzip(TEXT), gzip(TEXT))));
        assertEquals(twice, lines(joined(zstd(TEXT), zstd(TEXT))));
    }

    @ParameterizedTest
    @ValueSource(ints = {64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, 200_000, Lines.MAX_LINE_BYTES})
    void aLineMayBeLongerThanABuffer(int length) throws IOException {
        String line = "x".repeat(length);
        assertEquals(List.of(line, "next"), lines(bytes(line + "\nnext\n")));
        assertEquals(List.of(line), lines(bytes(line)));
    }

    @Test
    void aLineThatNoStreamTakesIsCutAndTheNextOneIsWhole() throws IOException {
        List<String> read = lines(bytes("x".repeat(3 * Lines.MAX_LINE_BYTES) + "\nnext\n"));
        assertEquals(List.of("x".repeat(Lines.MAX_LINE_BYTES), "next"), read);
    }

    @Test
    void aCompressedFileThatBreaksOffIsAnError() throws IOException {
        byte[] whole = gzip("many lines\n".repeat(10_000));
        assertThrows(IOException.class, () -> lines(Arrays.copyOf(whole, whole.length - 20)));
    }

    @Test
    void theFileIsClosedWithItsLines() throws IOException {
        boolean[] closed = {false};
        Lines lines =
                new Lines(
                        new ByteArrayInputStream(gzip(TEXT)) {
                            @Override
                            public void close() {
                                closed[0] = true;
                            }
                        });
        lines.close();
        assertTrue(closed[0]);
    }
}
