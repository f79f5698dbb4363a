package flinkscenarios.http;

/** Texts of servers, as messages quote them. */
public final class OneLine {

    private static final int MAX_LENGTH = 300;

    private OneLine() {}

    /** The beginning of a text, in one line. */
    public static String of(String text) {
        String line = text.replaceAll("\\s+", " ").strip();
        return line.substring(0, Math.min(line.length(), MAX_LENGTH));
    }
}
