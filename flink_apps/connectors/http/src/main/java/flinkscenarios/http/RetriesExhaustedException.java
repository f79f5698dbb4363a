package flinkscenarios.http;

import java.io.IOException;

/** A request that did not succeed within its attempts. The message is one line: what was received last. */
public final class RetriesExhaustedException extends IOException {

    private static final long serialVersionUID = 1L;

    private final int attempts;

    RetriesExhaustedException(int attempts, RetryableException last) {
        super(last.getMessage(), last);
        this.attempts = attempts;
    }

    /** How often the request was sent. */
    public int attempts() {
        return attempts;
    }
}
