package flinkscenarios.eventtime;

import java.util.OptionalLong;

/**
 * The event time: the latest watermark, plus the processing time that has passed since its stream became idle.
 *
 * <p>It is asked several times a second. Where much more has passed, the process was stopped or could not go on: what came
 * meanwhile has not been read, and its time must not be over.
 */
final class Clock {

    private static final long NEVER = Long.MIN_VALUE;
    private static final long LONGEST_STEP_MILLIS = 1_000;

    private long watermark = Long.MIN_VALUE;
    /** When the stream was last seen to be idle. */
    private long idle = NEVER;

    /** Whether there has been a watermark: without one there is no event time. */
    boolean isSet() {
        return watermark != Long.MIN_VALUE;
    }

    long time() {
        return watermark;
    }

    boolean isIdle() {
        return idle != NEVER;
    }

    /** Takes a watermark of the stream; returns the event time if it has advanced. */
    OptionalLong setWatermark(long received) {
        return advanceTo(received);
    }

    void setIdle(long now) {
        idle = now;
    }

    void setActive() {
        idle = NEVER;
    }

    /** Returns the event time if it has advanced with the processing time. */
    OptionalLong advance(long now) {
        if (!isIdle() || !isSet() || watermark == Long.MAX_VALUE) {
            return OptionalLong.empty();
        }
        long step = Math.min(now - idle, LONGEST_STEP_MILLIS);
        idle = now;
        return advanceTo(watermark + step);
    }

    private OptionalLong advanceTo(long time) {
        if (time <= watermark) {
            return OptionalLong.empty();
        }
        watermark = time;
        return OptionalLong.of(time);
    }
}
