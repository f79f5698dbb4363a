package flinkscenarios.kinesis;

import java.util.Collection;
import java.util.List;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.table.data.RowData;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequestEntry;

/**
 * Writes into a stream, at least once.
 *
 * <p>A checkpoint waits for the requests under way, and has the records that wait. With one request under way at a time,
 * as it is unless the table says otherwise, the records of a key keep their order from task to stream; only the
 * service can change it, when it takes a part of a request and refuses, for the time being, an earlier one.
 */
final class KinesisSink extends AsyncSink {

    private static final long serialVersionUID = 1L;

    private final AwsOptions aws;
    private final SinkOptions options;
    private final RowEncoder encoder;

    KinesisSink(AwsOptions aws, SinkOptions options, RowEncoder encoder) {
        super(encoder, options);
        this.aws = aws;
        this.options = options;
        this.encoder = encoder;
    }

    @Override
    public KinesisWriter createWriter(WriterInitContext context) {
        return restoreWriter(context, List.of());
    }

    @Override
    public KinesisWriter restoreWriter(
            WriterInitContext context, Collection<BufferedRequestState<PutRecordsRequestEntry>> recovered) {
        encoder.prepare(context);
        // Of the connections that the table allows, those that can be used at a time.
        int connections = Math.min(options.maxConnections(), options.maxInFlight());
        KinesisService service = KinesisClients.service(aws, connections, options.readTimeout());
        return new KinesisWriter(encoder, context, options, service, recovered);
    }

    @Override
    public SimpleVersionedSerializer<BufferedRequestState<PutRecordsRequestEntry>> getWriterStateSerializer() {
        return new WriterStateSerializer();
    }
}
