package flinkscenarios.replaysource;

import java.io.Closeable;
import java.io.IOException;
import javax.annotation.Nullable;
import org.apache.flink.table.data.RowData;

/** The rows of one file, in its order. An {@link IOException} means that it cannot be read any further. */
interface FileRows extends Closeable {

    /** The next row; null after the last one. */
    @Nullable
    RowData next() throws IOException;

    /** What there is of a row that the end of a damaged file cut off; null if there is nothing of it. */
    @Nullable
    RowData cutOff();
}
