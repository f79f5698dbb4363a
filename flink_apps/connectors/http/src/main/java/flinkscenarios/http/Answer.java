package flinkscenarios.http;

import java.nio.charset.StandardCharsets;

/** A complete answer to a request. */
public final class Answer {

    private static final int REQUEST_TIMEOUT = 408;
    private static final int TOO_MANY_REQUESTS = 429;

    private final int status;
    private final byte[] body;

    Answer(int status, byte[] body) {
        this.status = status;
        this.body = body;
    }

    /** Whether the same request may succeed later, by its status: 408, 429 or 5xx. */
    public static boolean isRetryable(int status) {
        return status == REQUEST_TIMEOUT || status == TOO_MANY_REQUESTS || status >= 500;
    }

    public int status() {
        return status;
    }

    public byte[] body() {
        return body;
    }

    /** The body as text, in UTF-8. */
    public String text() {
        return new String(body, StandardCharsets.UTF_8);
    }

    /** Whether the status is 2xx. */
    public boolean isSuccess() {
        return status >= 200 && status < 300;
    }

    /** Whether the same request may succeed later. */
    boolean isRetryable() {
        return isRetryable(status);
    }

    /** The status and the beginning of the text, in one line. */
    @Override
    public String toString() {
        String line = OneLine.of(text());
        return line.isEmpty() ? "status " + status : "status " + status + ": " + line;
    }
}
