package flinkscenarios.kinesis;

import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.connector.base.sink.AsyncSinkBase;
import org.apache.flink.table.data.RowData;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequestEntry;

/** Flink's sink of asynchronous requests, as Flink 1 has it: with one method more, for a context that nobody passes. */
abstract class AsyncSink extends AsyncSinkBase<RowData, PutRecordsRequestEntry> {

    private static final long serialVersionUID = 1L;

    AsyncSink(RowEncoder encoder, SinkOptions options) {
        super(
                encoder,
                options.maxBatchSize(),
                options.maxInFlight(),
                options.maxBuffered(),
                options.maxBatchBytes(),
                options.maxBufferedMillis(),
                options.maxRecordBytes());
    }

    @Override
    @Deprecated
    public SinkWriter<RowData> createWriter(Sink.InitContext context) {
        throw new UnsupportedOperationException("Flink calls createWriter(WriterInitContext)");
    }
}
