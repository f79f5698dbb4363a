package flinkscenarios.eventtime;

import java.util.OptionalLong;

/** The event time: the latest watermark, plus the processing time that has passed since its stream became idle. */
final class Clock {

    private static final long NEVER = Long.MIN_VALUE;

    private long watermark = Long.MIN_VALUE;
    private long idleSince = NEVER;
    private long watermarkWhenIdle;

    /** Whether there has been a watermark: without one there is no event time. */
    boolean isSet() {
        return watermark != Long.MIN_VALUE;
    }

    long time() {
        return watermark;
    }

    boolean isIdle() {
        return idleSince != NEVER;
    }

    /** Takes a watermark of the stream; returns the event time if it has advanced. */
    OptionalLong setWatermark(long received) {
        return advanceTo(received);
    }

    void setIdle(long now) {
        idleSince = now;
        watermarkWhenIdle = watermark;
    }

    void setActive() {
        idleSince = NEVER;
    }

    /** Returns the event time if it has advanced with the processing time. */
    OptionalLong advance(long now) {
        if (!isIdle() || !isSet() || watermark == Long.MAX_VALUE) {
            return OptionalLong.empty();
        }
        return advanceTo(watermarkWhenIdle + (now - idleSince));
    }

    private OptionalLong advanceTo(long time) {
        if (time <= watermark) {
            return OptionalLong.empty();
        }
        watermark = time;
        return OptionalLong.of(time);
    }
}
