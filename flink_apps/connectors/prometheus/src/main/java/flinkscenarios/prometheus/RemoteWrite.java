package flinkscenarios.prometheus;

import flinkscenarios.http.Answer;
import flinkscenarios.http.Authentication;
import flinkscenarios.http.PostClient;
import flinkscenarios.http.RequestFailure;
import flinkscenarios.http.RetriesExhaustedException;
import flinkscenarios.http.Timeouts;
import java.net.URI;
import java.util.Map;
import java.util.Set;

/** The protocol: the headers of a request, what the status of an answer means, and why a request fails for good. */
final class RemoteWrite {

    private static final int BAD_REQUEST = 400;
    private static final int TOO_LARGE = 413;

    /** Nobody is let in: no credentials, no permission, or none for a proxy. */
    private static final Set<Integer> DENIED = Set.of(401, 403, 407);

    /** Nothing there takes remote write: no such address, method or protocol. */
    private static final Set<Integer> NOT_REMOTE_WRITE = Set.of(404, 405, 415);

    private RemoteWrite() {}

    /** A client that sends bodies as requests. */
    static PostClient client(PrometheusOptions options, Authentication authentication) {
        Map<String, String> headers =
                Map.of(
                        "Content-Encoding", "snappy",
                        "Content-Type", "application/x-protobuf",
                        "X-Prometheus-Remote-Write-Version", "0.1.0",
                        "User-Agent", options.userAgent());
        Timeouts timeouts = Timeouts.ofWhole(options.socketTimeoutMillis());
        return new PostClient(options.endpoint(), timeouts, headers, authentication);
    }

    /** Whether Prometheus refuses the samples of the request. Other requests may be accepted. */
    static boolean isRefusal(int status) {
        return status >= 400 && status < 500 && !DENIED.contains(status) && !NOT_REMOTE_WRITE.contains(status);
    }

    /** Whether a refusal may be because of only some of the samples. */
    static boolean isRefusalOfSome(int status) {
        return status == BAD_REQUEST;
    }

    /** Whether a request is refused for its size, before any of its samples is looked at. */
    static boolean isTooLarge(int status) {
        return status == TOO_LARGE;
    }

    /** The failure of a job whose requests will never be accepted there. */
    static RequestFailure unusable(URI endpoint, Answer answer) {
        String fix =
                DENIED.contains(answer.status())
                        ? "allow the job's role aps:RemoteWrite on the workspace, and check 'authentication' and"
                                + " 'region'"
                        : "check 'metric.endpoint-url'";
        return new RequestFailure(server(endpoint), "accept remote write requests", answer.toString(), fix);
    }

    /** The failure of a job one of whose requests used up its attempts. */
    static RequestFailure exhausted(URI endpoint, RetriesExhaustedException exhausted) {
        String fix = "see its limits and load, and whether it can be reached from here";
        return RequestFailure.exhausted(server(endpoint), "accept a request", exhausted, fix);
    }

    private static String server(URI endpoint) {
        return "Prometheus at " + endpoint;
    }
}
