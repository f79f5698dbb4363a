package flinkscenarios.replaysource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.io.IOException;
import org.apache.flink.core.fs.FSDataInputStream;
import org.junit.jupiter.api.Test;

class SourceFileTest {

    /** Has two bytes, those of gzip, and then fails or ends. */
    private static final class TwoBytes extends FSDataInputStream {

        private final boolean fails;
        private int next;

        TwoBytes(boolean fails) {
            this.fails = fails;
        }

        @Override
        public int read() throws IOException {
            if (next == 2 && fails) {
                throw new IOException("connection reset");
            }
            return next == 2 ? -1 : new int[] {0x1f, 0x8b}[next++];
        }

        @Override
        public void seek(long position) throws IOException {
            throw new IOException("connection reset");
        }

        @Override
        public long getPos() {
            return next;
        }
    }

    @Test
    void aFailureOfTheFileSystemIsToldFromAFileThatBreaksOff() {
        SourceFile failing = new SourceFile(new TwoBytes(true));
        assertFalse(failing.failed());
        assertEquals("connection reset", assertThrows(IOException.class, failing::readAllBytes).getMessage());
        assertTrue(failing.failed());

        SourceFile ending = new SourceFile(new TwoBytes(false));
        assertThrows(EOFException.class, () -> new Lines(ending));
        assertFalse(ending.failed());
    }

    @Test
    void aPositionThatCannotBeReachedIsAFailure() throws IOException {
        SourceFile file = new SourceFile(new TwoBytes(true));
        assertThrows(IOException.class, () -> file.seek(1));
        assertTrue(file.failed());
        assertEquals(0, file.getPos());
    }
}
