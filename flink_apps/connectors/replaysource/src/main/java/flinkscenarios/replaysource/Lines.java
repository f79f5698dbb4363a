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
 * <p>A line is truncated to {@link #MAX_LINE_BYTES}: no stream takes a longer record, and a binary file may have no
 * line break at all.
 */
final class Lines implements Closeable {

    static final int MAX_LINE_BYTES = 1_000_000;

    private static final byte[] GZIP = {0x1f, (byte) 0x8b};
    private static final byte[] ZSTD = {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd};
    private static final int BUFFER_BYTES = 64 * 1024;

    private final InputStream in;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int next;
    private int end;

    /** Takes ownership of the stream, and closes it if it throws. */
    Lines(InputStream file) throws IOException {
        try {
            in = plain(new BufferedInputStream(file, BUFFER_BYTES));
        } catch (IOException e) {
            file.close();
            throw e;
        }
    }

    private static InputStream plain(BufferedInputStream file) throws IOException {
        file.mark(ZSTD.length);
        byte[] first = file.readNBytes(ZSTD.length);
        file.reset();
        if (Arrays.equals(first, ZSTD)) {
            return new ZstdInputStream(file);
        }
        if (first.length >= GZIP.length && Arrays.equals(Arrays.copyOf(first, GZIP.length), GZIP)) {
            return new GZIPInputStream(file, BUFFER_BYTES);
        }
        return file;
    }

    /** The next line that is not empty, without its end; null after the last one. */
    @Nullable
    byte[] next() throws IOException {
        byte[] line;
        do {
            line = read();
        } while (line != null && line.length == 0);
        return line;
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
        while (!ended && fill()) {
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

    private boolean fill() throws IOException {
        next = 0;
        end = Math.max(0, in.read(buffer));
        return end > 0;
    }
}
