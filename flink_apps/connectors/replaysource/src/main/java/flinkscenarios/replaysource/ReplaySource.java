package flinkscenarios.replaysource;

import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.connector.file.src.FileSource;
import org.apache.flink.connector.file.src.FileSourceSplit;
import org.apache.flink.connector.file.src.PendingSplitsCheckpoint;
import org.apache.flink.connector.file.src.impl.FileSourceReader;
import org.apache.flink.core.fs.Path;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.table.data.RowData;

/**
 * Flink's file source with a reader that releases each row when its time is due; to be run at parallelism 1.
 *
 * <p>The file source finds, assigns and opens the files, and keeps the position in them. It reads in a thread of its
 * own, so a slow bucket does not block the task.
 */
final class ReplaySource implements Source<RowData, FileSourceSplit, PendingSplitsCheckpoint<FileSourceSplit>> {

    private static final long serialVersionUID = 1L;

    private final ReplayOptions options;
    private final ReplayFormat format;
    private final RowTime rowTime;
    private final MetadataColumns metadata;
    private final TypeInformation<RowData> rowType;
    private final FileSource<RowData> files;

    ReplaySource(
            ReplayOptions options,
            ReplayFormat format,
            RowTime rowTime,
            MetadataColumns metadata,
            TypeInformation<RowData> rowType) {
        this.options = options;
        this.format = format;
        this.rowTime = rowTime;
        this.metadata = metadata;
        this.rowType = rowType;
        this.files =
                FileSource.forBulkFileFormat(format, new Path(options.path()))
                        .setFileEnumerator(FileSource.DEFAULT_NON_SPLITTABLE_FILE_ENUMERATOR)
                        .setSplitAssigner(FilesInOrder::new)
                        .build();
    }

    @Override
    public Boundedness getBoundedness() {
        return options.endsWhenReplayed() ? Boundedness.BOUNDED : Boundedness.CONTINUOUS_UNBOUNDED;
    }

    @Override
    public SourceReader<RowData, FileSourceSplit> createReader(SourceReaderContext context) {
        ReplayStatistics statistics = new ReplayStatistics(context.metricGroup(), System.nanoTime());
        return new ReplayReader(
                new FileSourceReader<>(context, format.counting(statistics), context.getConfiguration()),
                options,
                origin(),
                rowTime,
                metadata,
                rowType.createSerializer(new SerializerConfigImpl()),
                statistics,
                System::nanoTime);
    }

    /** What the state of a replay depends on. */
    private String origin() {
        return String.format(
                "%s by %s in %s", format.description(), options.timeAttribute(), options.timeZone().getId());
    }

    @Override
    public SplitEnumerator<FileSourceSplit, PendingSplitsCheckpoint<FileSourceSplit>> createEnumerator(
            SplitEnumeratorContext<FileSourceSplit> context) {
        return files.createEnumerator(context);
    }

    @Override
    public SplitEnumerator<FileSourceSplit, PendingSplitsCheckpoint<FileSourceSplit>> restoreEnumerator(
            SplitEnumeratorContext<FileSourceSplit> context, PendingSplitsCheckpoint<FileSourceSplit> checkpoint) {
        return files.restoreEnumerator(context, checkpoint);
    }

    @Override
    public SimpleVersionedSerializer<FileSourceSplit> getSplitSerializer() {
        return new ReplaySplitSerializer();
    }

    @Override
    public SimpleVersionedSerializer<PendingSplitsCheckpoint<FileSourceSplit>> getEnumeratorCheckpointSerializer() {
        return files.getEnumeratorCheckpointSerializer();
    }
}
