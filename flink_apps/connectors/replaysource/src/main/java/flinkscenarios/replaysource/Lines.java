package flinkscenarios.replaysource;

import com.github.luben.zstd.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import javax.annotation.Nullable;

/**
 * The lines of a text, which may be compressed with gzip or zstd; its first bytes decide, not its name.
 *
 * <p>A byte order mark at the text's begin, the returns of Windows and blank lines are no part of any line.
 *
 * <p>A line is truncated to {@link #MAX_LINE_BYTES}: no stream takes a longer record, and a binary file may have no
 * line break at all.
 */
final class Lines implements Closeable {

    static final int MAX_LINE_BYTES = 1_000_000;

    private static final byte[] GZIP = {0x1f, (byte) 0x8b};
    private static final byte[] ZSTD = {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd};
    private static final byte[] BYTE_ORDER_MARK = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};
    private static final int BUFFER_BYTES = 64 * 1024;

    private final InputStream in;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int next;
    private int end;
    private boolean begun;
    @Nullable private byte[] cutOff;

    /** Takes ownership of the stream, and closes it if it throws. */
    Lines(InputStream file) throws IOException {
        try {
            in = plain(new Peekable(file));
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private static InputStream plain(BufferedInputStream file) throws IOException {
        file.mark(ZSTD.length);
        byte[] first = file.readNBytes(ZSTD.length);
        file.reset();
        if (Arrays.equals(first, ZSTD)) {
            return new WholeFrames(file);
        }
        if (first.length >= GZIP.length && Arrays.equals(Arrays.copyOf(first, GZIP.length), GZIP)) {
            return new GZIPInputStream(file, BUFFER_BYTES);
        }
        return file;
    }

    /** The next line that is not blank, without its end; null after the last one. */
    @Nullable
    byte[] next() throws IOException {
        byte[] line;
        do {
            line = read();
            if (line != null && !begun) {
                begun = true;
                line = withoutByteOrderMark(line);
            }
        } while (line != null && isBlank(line));
        return line;
    }

    /** What was read of the line at which {@link #next} threw; null if there is none. */
    @Nullable
    byte[] cutOff() {
        return cutOff;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }

    @Nullable
    private byte[] read() throws IOException {
        if (next == end && !fill()) {
            return null;
        }
        int start = next;
        if (findEnd()) {
            return Arrays.copyOfRange(buffer, start, withoutReturn(buffer, start, next - 1));
        }
        // Rare: the line continues after the end of the buffer.
        ByteArrayOutputStream line = new ByteArrayOutputStream(2 * (next - start));
        line.write(buffer, start, next - start);
        boolean ended = false;
        while (!ended && fillOrCutOff(line)) {
            ended = findEnd();
            int size = ended ? next - 1 : next;
            line.write(buffer, 0, Math.min(size, MAX_LINE_BYTES - line.size()));
        }
        byte[] bytes = line.toByteArray();
        return Arrays.copyOf(bytes, withoutReturn(bytes, 0, bytes.length));
    }

    /** Moves past the end of the line, or to the end of the buffer; returns whether it found the end of the line. */
    private boolean findEnd() {
        while (next < end) {
            if (buffer[next++] == '\n') {
                return true;
            }
        }
        return false;
    }

    private static int withoutReturn(byte[] bytes, int start, int stop) {
        return stop > start && bytes[stop - 1] == '\r' ? stop - 1 : stop;
    }

    private static byte[] withoutByteOrderMark(byte[] line) {
        int size = BYTE_ORDER_MARK.length;
        return line.length >= size && Arrays.equals(line, 0, size, BYTE_ORDER_MARK, 0, size)
                ? Arrays.copyOfRange(line, size, line.length)
                : line;
    }

    private static boolean isBlank(byte[] line) {
        for (byte character : line) {
            if (character != ' ' && character != '\t' && character != '\r') {
                return false;
            }
        }
        return true;
    }

    private boolean fillOrCutOff(ByteArrayOutputStream line) throws IOException {
        try {
            return fill();
        } catch (IOException e) {
            cutOff = line.toByteArray();
            throw e;
        }
    }

    private boolean fill() throws IOException {
        next = 0;
        end = 0;
        end = Math.max(0, in.read(buffer));
        return end > 0;
    }

    /** Knows whether its end is reached. Otherwise {@link GZIPInputStream} may take the first of several members for all. */
    private static final class Peekable extends BufferedInputStream {

        Peekable(InputStream file) {
            super(file, BUFFER_BYTES);
        }

        @Override
        public synchronized int available() throws IOException {
            mark(1);
            int first = read();
            reset();
            return first < 0 ? 0 : 1;
        }
    }

    /** Returns what it has of a frame that breaks off, before it throws. */
    private static final class WholeFrames extends InputStream {

        private final ZstdInputStream frames;

        WholeFrames(InputStream file) throws IOException {
            frames = new ZstdInputStream(file).setContinuous(true);
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int size = frames.read(bytes, offset, length);
            // Only then does it say that the frame is not whole.
            return size > 0 ? size : frames.setContinuous(false).read(bytes, offset, length);
        }

        @Override
        public void close() throws IOException {
            frames.close();
        }
    }
}
