package flinkscenarios.prometheus;

import com.google.protobuf.CodedOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.xerial.snappy.Snappy;

/** Encodes remote write requests: protobuf in Snappy's block format. Not thread-safe: it reuses its buffers. */
final class WriteRequestEncoder {

    private byte[] plain = new byte[0];
    private byte[] compressed = new byte[0];

    /** Returns the body of a request with all samples, in their order. */
    byte[] encode(List<Sample> samples) throws IOException {
        int size = 0;
        for (Sample sample : samples) {
            size = Math.addExact(size, sample.size());
        }
        if (plain.length < size) {
            plain = new byte[size];
            compressed = new byte[Snappy.maxCompressedLength(size)];
        }
        CodedOutputStream request = CodedOutputStream.newInstance(plain, 0, size);
        for (Sample sample : samples) {
            sample.writeTo(request);
        }
        request.checkNoSpaceLeft();
        return Arrays.copyOf(compressed, Snappy.compress(plain, 0, size, compressed, 0));
    }
}
