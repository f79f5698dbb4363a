package flinkscenarios.replaysource;

import java.io.IOException;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.Path;

/**
 * A file that knows whether its file system failed: then the file is not damaged, and may be read at the next attempt.
 */
final class SourceFile extends FSDataInputStream {

    private final FSDataInputStream file;
    private boolean failed;

    SourceFile(FSDataInputStream file) {
        this.file = file;
    }

    static SourceFile open(Path path) throws IOException {
        return new SourceFile(path.getFileSystem().open(path));
    }

    /** Whether the file system could not do what it was asked to. */
    boolean failed() {
        return failed;
    }

    @Override
    public int read() throws IOException {
        try {
            return file.read();
        } catch (IOException e) {
            failed = true;
            throw e;
        }
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        try {
            return file.read(bytes, offset, length);
        } catch (IOException e) {
            failed = true;
            throw e;
        }
    }

    @Override
    public void seek(long position) throws IOException {
        try {
            file.seek(position);
        } catch (IOException e) {
            failed = true;
            throw e;
        }
    }

    @Override
    public long getPos() throws IOException {
        return file.getPos();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
