package flinkscenarios.prometheus;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import org.apache.flink.connector.base.sink.writer.AsyncSinkWriterStateSerializer;

/** Serializes the samples of a checkpoint: those that are not yet part of a request. */
final class SampleStateSerializer extends AsyncSinkWriterStateSerializer<Sample> {

    private static final int VERSION = 1;

    @Override
    protected void serializeRequestToStream(Sample sample, DataOutputStream out) throws IOException {
        sample.save(out);
    }

    @Override
    protected Sample deserializeRequestFromStream(long size, DataInputStream in) throws IOException {
        return Sample.restore(in);
    }

    @Override
    public int getVersion() {
        return VERSION;
    }
}
