package flinkscenarios.tick;

import java.util.OptionalLong;

/**
 * The instant at which a split starts, stored in the split's id.
 *
 * <p>A split of a number sequence has nothing but numbers and an id. There is only one split, so the id is free to use.
 * The split of a new time line, and that of a checkpoint from before this class, have no such instant.
 */
final class SplitStart {

    private static final String PREFIX = "starts-at-";

    private SplitStart() {}

    /** The id of a split that starts at an instant, in milliseconds since 1970. */
    static String splitId(long epochMillis) {
        return PREFIX + epochMillis;
    }

    /** The instant in the id of a split; empty for a time line that has not started. */
    static OptionalLong of(String splitId) {
        return splitId.startsWith(PREFIX)
                ? OptionalLong.of(Long.parseLong(splitId.substring(PREFIX.length())))
                : OptionalLong.empty();
    }
}
