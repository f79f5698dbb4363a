package flinkscenarios.eventtime;

import java.io.Serializable;
import javax.annotation.Nullable;

/** Extracts the partition and the event time of a row. */
interface TimedRow<T> extends Serializable {

    /** The partition of the source from which the row came. */
    Object partition(T row);

    /** The event time in milliseconds; null for a row that does not advance the watermark. */
    @Nullable
    Long time(T row);

    /** The row that is emitted. */
    T withoutTime(T row);
}
