package flinkscenarios.replaysource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.ZstdOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LinesTest {

    private static final String TEXT = "first\nzweite ü\nthird\n";
    private static final List<String> LINES = List.of("first", "zweite ü", "third");

    private static List<String> lines(byte[] file) throws IOException {
        return lines(new ByteArrayInputStream(file));
    }

    private static List<String> lines(InputStream file) throws IOException {
        List<String> all = new ArrayList<>();
        try (Lines lines = new Lines(file)) {
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
                "\n\nfirst\n\nzweite ü\n\r\nthird\n\n",
                "\uFEFFfirst\r\nzweite ü\n \t\nthird\n  ",
                "\uFEFF\n\nfirst\nzweite ü\nthird"
            })
    void linesComeWithoutTheirEndsAndMarksAndBlankOnesNotAtAll(String text) throws IOException {
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

    @Test
    void membersOfACompressedFileAreReadToTheirEndWhereverAReadFromItEnds() throws IOException {
        byte[] members = joined(gzip(TEXT), gzip(TEXT));
        for (int size = 1; size <= members.length; size++) {
            int most = size;
            InputStream inPieces =
                    new ByteArrayInputStream(members) {
                        @Override
                        public synchronized int read(byte[] bytes, int offset, int length) {
                            return super.read(bytes, offset, Math.min(length, most));
                        }

                        /** As many file systems answer. */
                        @Override
                        public synchronized int available() {
                            return 0;
                        }
                    };
            assertEquals(2 * LINES.size(), lines(inPieces).size(), "in pieces of " + size + " bytes");
        }
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

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatACompressedFileHasBeforeItBreaksOffIsRead(boolean gzip) throws IOException {
        List<String> numbers =
                new Random(1).ints(50_000).mapToObj(Integer::toString).collect(Collectors.toList());
        String text = String.join("\n", numbers);
        byte[] whole = gzip ? gzip(text) : zstd(text);
        List<String> read = new ArrayList<>();
        try (Lines lines = new Lines(new ByteArrayInputStream(Arrays.copyOf(whole, whole.length / 2)))) {
            assertThrows(
                    IOException.class,
                    () -> {
                        for (byte[] line = lines.next(); line != null; line = lines.next()) {
                            read.add(new String(line, StandardCharsets.UTF_8));
                        }
                    });
            assertEquals(numbers.subList(0, read.size()), read);
            assertTrue(read.size() > 10_000, "only " + read.size());
            String cutOff = new String(lines.cutOff(), StandardCharsets.UTF_8);
            assertTrue(numbers.get(read.size()).startsWith(cutOff), cutOff);
        }
    }

    @Test
    void aFileThatBreaksOffAtTheEndOfALineCutsNothingOff() throws IOException {
        try (Lines lines = new Lines(new ByteArrayInputStream(withoutTrailer(gzip(TEXT))))) {
            for (String line : LINES) {
                assertEquals(line, new String(lines.next(), StandardCharsets.UTF_8));
            }
            assertThrows(IOException.class, lines::next);
            assertNull(lines.cutOff());
        }
    }

    private static byte[] withoutTrailer(byte[] gzip) {
        return Arrays.copyOf(gzip, gzip.length - 8);
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
