package flinkscenarios.http;

import java.io.IOException;

/** A request that will not succeed. The message is one line: the server, its rule, what was received, the fix. */
public final class RequestFailure extends IOException {

    private static final long serialVersionUID = 1L;

    /**
     * A failure that a repetition does not change.
     *
     * @param server its name and address
     * @param rule what follows "must": {@code accept bulk requests}
     * @param received instead of what the rule asks for
     * @param fix what to do about it
     */
    public RequestFailure(String server, String rule, String received, String fix) {
        super(String.format("%s must %s (got %s); %s", server, rule, received, fix));
    }

    /** A failure because all attempts are used up; {@code rule} is without their number. */
    public static RequestFailure exhausted(
            String server, String rule, RetriesExhaustedException exhausted, String fix) {
        String within = String.format("%s within %d attempts", rule, exhausted.attempts());
        RequestFailure failure = new RequestFailure(server, within, exhausted.getMessage(), fix);
        failure.initCause(exhausted);
        return failure;
    }
}
