package flinkscenarios.replaysource;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.connector.file.src.FileSourceSplit;
import org.apache.flink.core.fs.Path;
import org.junit.jupiter.api.Test;

class FilesInOrderTest {

    private static FileSourceSplit file(String path) {
        return new FileSourceSplit(path, new Path(path), 0, 1, 0, 1);
    }

    private static List<String> order(FilesInOrder files) {
        List<String> paths = new ArrayList<>();
        for (Optional<FileSourceSplit> next = files.getNext(null); next.isPresent(); next = files.getNext(null)) {
            paths.add(next.get().path().toString());
        }
        return paths;
    }

    @Test
    void filesComeByNameAndNumbersInItByValue() {
        List<String> sorted =
                List.of("/a/2018-12.csv", "/a/2019-01.csv", "/a/b1/x", "/a/b2/part-2.gz", "/a/b2/part-10.gz", "/a/c");
        List<FileSourceSplit> shuffled =
                Stream.of(4, 1, 5, 0, 3, 2).map(sorted::get).map(FilesInOrderTest::file).collect(Collectors.toList());
        assertEquals(sorted, order(new FilesInOrder(shuffled)));
    }

    @Test
    void aFileThatIsGivenBackComesInItsPlace() {
        FilesInOrder files = new FilesInOrder(List.of(file("/1"), file("/2"), file("/3")));
        FileSourceSplit first = files.getNext(null).orElseThrow();
        assertEquals(2, files.remainingSplits().size());
        files.addSplits(List.of(first));
        assertEquals(List.of("/1", "/2", "/3"), order(files));
    }
}
