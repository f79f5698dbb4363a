package flinkscenarios.replaysource;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.regex.Pattern;
import javax.annotation.Nullable;
import org.apache.flink.connector.file.src.FileSourceSplit;
import org.apache.flink.connector.file.src.assigners.FileSplitAssigner;

/** Assigns files in the natural order of their names: {@code part-2} is before {@code part-10}. */
final class FilesInOrder implements FileSplitAssigner {

    private static final Pattern NUMBER = Pattern.compile("\\d+");
    /** Digits of the largest long, and one more. */
    private static final int PADDED = 20;

    private final PriorityQueue<FileSourceSplit> files =
            new PriorityQueue<>(Comparator.comparing(file -> sortKey(file.path().toString())));

    FilesInOrder(Collection<FileSourceSplit> files) {
        this.files.addAll(files);
    }

    static String sortKey(String name) {
        return NUMBER.matcher(name)
                .replaceAll(number -> "0".repeat(Math.max(0, PADDED - number.group().length())) + number.group());
    }

    @Override
    public Optional<FileSourceSplit> getNext(@Nullable String hostname) {
        return Optional.ofNullable(files.poll());
    }

    @Override
    public void addSplits(Collection<FileSourceSplit> returned) {
        files.addAll(returned);
    }

    @Override
    public List<FileSourceSplit> remainingSplits() {
        return new ArrayList<>(files);
    }
}
