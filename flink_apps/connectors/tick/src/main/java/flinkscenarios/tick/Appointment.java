package flinkscenarios.tick;

import java.util.OptionalLong;

/**
 * The instant at which a split was to start, in the split's name.
 *
 * <p>A split of a number sequence has a name besides its numbers, which is free to use, as there is one split. What a new
 * time line calls it is no appointment, and a checkpoint without one is restored as well.
 */
final class Appointment {

    private static final String PREFIX = "starts-at-";

    private Appointment() {}

    /** The name of a split that starts at an instant in milliseconds since 1970. */
    static String at(long epochMillis) {
        return PREFIX + epochMillis;
    }

    /** The instant in the name of a split; none in that of a time line that has not begun. */
    static OptionalLong of(String splitId) {
        return splitId.startsWith(PREFIX)
                ? OptionalLong.of(Long.parseLong(splitId.substring(PREFIX.length())))
                : OptionalLong.empty();
    }
}
