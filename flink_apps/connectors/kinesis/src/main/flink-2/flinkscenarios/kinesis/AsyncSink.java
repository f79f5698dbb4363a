package flinkscenarios.kinesis;

import org.apache.flink.connector.base.sink.AsyncSinkBase;
import org.apache.flink.table.data.RowData;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequestEntry;

/** Flink's sink of asynchronous requests, as Flink 2 has it. */
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
}
