package flinkscenarios.prometheus;

import javax.annotation.Nullable;

/** How one attempt to send a request ended; as text in one line. */
final class Attempt {

    private static final int NO_STATUS = 0;
    private static final int LONGEST_TEXT = 300;

    private final int status;
    private final String text;
    @Nullable private final Exception trouble;

    private Attempt(int status, String text, @Nullable Exception trouble) {
        this.status = status;
        this.text = text;
        this.trouble = trouble;
    }

    static Attempt answered(int status, String text) {
        return new Attempt(status, text, null);
    }

    static Attempt unanswered(Exception trouble) {
        String message = trouble.getMessage();
        return new Attempt(NO_STATUS, message == null ? trouble.toString() : message, trouble);
    }

    int status() {
        return status;
    }

    /** Why there was no answer; null where there was one. */
    @Nullable
    Exception trouble() {
        return trouble;
    }

    boolean isDone() {
        return status >= 200 && status < 300;
    }

    /** Whether the same request may get through later. */
    boolean mayPass() {
        return status == NO_STATUS || status == 429 || status >= 500;
    }

    /** Whether it is these samples that are not accepted; other ones may be. */
    boolean isRefusal() {
        return status >= 400 && status < 500 && status != 403 && status != 404 && status != 429;
    }

    /** Whether a refusal may be about some of the samples, or about their number. */
    boolean mayBeAboutSome() {
        return status == 400 || status == 413;
    }

    @Override
    public String toString() {
        String line = text.replaceAll("\\s+", " ").strip();
        String start = line.substring(0, Math.min(line.length(), LONGEST_TEXT));
        if (status == NO_STATUS) {
            return start;
        }
        return start.isEmpty() ? "status " + status : "status " + status + ": " + start;
    }
}
