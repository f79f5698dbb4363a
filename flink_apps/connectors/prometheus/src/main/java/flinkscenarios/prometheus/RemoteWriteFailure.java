package flinkscenarios.prometheus;

import java.io.IOException;
import java.net.URI;

/** No request gets through, or one did not in time; the message is one line. */
final class RemoteWriteFailure extends IOException {

    private static final long serialVersionUID = 1L;

    private RemoteWriteFailure(String message, Attempt last) {
        super(message, last.trouble());
    }

    /** Nothing that is sent there will ever be accepted. */
    static RemoteWriteFailure wrongPlace(URI endpoint, Attempt attempt) {
        return new RemoteWriteFailure(
                String.format(
                        "Prometheus at %s must accept remote write requests (got %s); %s",
                        endpoint, attempt, fix(attempt.status())),
                attempt);
    }

    /** All retries are used up. */
    static RemoteWriteFailure exhausted(URI endpoint, int attempts, Attempt last) {
        return new RemoteWriteFailure(
                String.format(
                        "Prometheus at %s must accept a request within %d attempts (got %s);"
                                + " see its limits and load, and whether it can be reached from here",
                        endpoint, attempts, last),
                last);
    }

    private static String fix(int status) {
        return status == 403
                ? "allow the job's role aps:RemoteWrite on the workspace, and check 'authentication' and 'region'"
                : "check 'metric.endpoint-url'";
    }
}
