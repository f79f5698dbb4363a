package flinkscenarios.http;

import java.io.IOException;

/** A request that did not succeed, but may do so later. The message is one line: what was received. */
public final class RetryableException extends IOException {

    private static final long serialVersionUID = 1L;

    /** The server answered that it cannot serve the request, or a part of it, now. */
    public RetryableException(String received) {
        super(OneLine.of(received));
    }

    /** No complete answer was received. */
    RetryableException(Exception cause) {
        super(OneLine.of(cause.toString()), cause);
    }
}
