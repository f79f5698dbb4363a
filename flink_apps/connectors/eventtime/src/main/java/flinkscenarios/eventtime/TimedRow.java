package flinkscenarios.eventtime;

import java.io.Serializable;
import javax.annotation.Nullable;

/** Where a row has its partition and its event time. */
interface TimedRow<T> extends Serializable {

    /** The part of the source that the row came from. */
    Object partition(T row);

    /** The event time in milliseconds, or null for a row that does not move time. */
    @Nullable
    Long time(T row);

    /** What goes on of the row. */
    T withoutTime(T row);
}
