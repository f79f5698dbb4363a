package flinkscenarios.eventtime;

import java.util.OptionalLong;

/** What time it is: the latest watermark, and since its stream fell silent, as much later as the clock has gone on. */
final class Clock {

    private static final long NEVER = Long.MIN_VALUE;

    private long watermark = Long.MIN_VALUE;
    private long silentSince = NEVER;
    private long watermarkThen;

    /** Whether there has been a watermark: without one there is nothing to go on from. */
    boolean isSet() {
        return watermark != Long.MIN_VALUE;
    }

    long time() {
        return watermark;
    }

    boolean isSilent() {
        return silentSince != NEVER;
    }

    /** Takes a watermark of the stream; gives the time, if it is later now. */
    OptionalLong set(long received) {
        return later(received);
    }

    void silent(long now) {
        silentSince = now;
        watermarkThen = watermark;
    }

    void active() {
        silentSince = NEVER;
    }

    /** Gives the time, if it is later now. */
    OptionalLong at(long now) {
        if (!isSilent() || !isSet() || watermark == Long.MAX_VALUE) {
            return OptionalLong.empty();
        }
        return later(watermarkThen + (now - silentSince));
    }

    private OptionalLong later(long time) {
        if (time <= watermark) {
            return OptionalLong.empty();
        }
        watermark = time;
        return OptionalLong.of(time);
    }
}
