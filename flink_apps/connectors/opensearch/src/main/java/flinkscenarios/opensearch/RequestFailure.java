package flinkscenarios.opensearch;

import java.io.IOException;
import org.apache.http.HttpHost;

/** A bulk request that OpenSearch will not do, or not in time; the message is one line. */
final class RequestFailure extends IOException {

    private static final long serialVersionUID = 1L;
    private static final int LONGEST_TEXT = 300;

    private RequestFailure(String message) {
        super(message);
    }

    /** OpenSearch refused it as a whole, with a status that repetition does not change. */
    static RequestFailure refused(HttpHost endpoint, int status, String text) {
        return new RequestFailure(
                String.format(
                        "OpenSearch at %s must accept bulk requests (got status %d: %s); %s",
                        endpoint.toURI(), status, line(text), fix(status)));
    }

    /** OpenSearch did not do one of its actions, and no other place is left for it. */
    static RequestFailure ofAction(HttpHost endpoint, String rule, BulkAction action, ItemResult result, String fix) {
        return new RequestFailure(
                String.format("OpenSearch at %s %s (got %s); %s", endpoint.toURI(), rule, line(action, result), fix));
    }

    /** The answer is not that of a bulk request. */
    static RequestFailure misunderstood(HttpHost endpoint, String trouble, String text) {
        return new RequestFailure(
                String.format(
                        "OpenSearch at %s must answer for each action of a bulk request (got %s: %s);"
                                + " check that 'endpoint' is an OpenSearch cluster",
                        endpoint.toURI(), line(trouble), line(text)));
    }

    /** All attempts are used up. */
    static RequestFailure exhausted(HttpHost endpoint, int attempts, TransientFailure trouble) {
        RequestFailure failure =
                new RequestFailure(
                        String.format(
                                "OpenSearch at %s must accept a bulk request within %d attempts (got %s);"
                                        + " see the cluster's health and load, and whether it can be reached from here",
                                endpoint.toURI(), attempts, trouble.getMessage()));
        failure.initCause(trouble);
        return failure;
    }

    /** What became of an action, in one line. */
    static String line(BulkAction action, ItemResult result) {
        return String.format("status %d for index %s: %s", result.status(), action.index(), line(result.reason()));
    }

    /** The beginning of a text, in one line. */
    static String line(String text) {
        String line = text.replaceAll("\\s+", " ").strip();
        return line.substring(0, Math.min(line.length(), LONGEST_TEXT));
    }

    private static String fix(int status) {
        switch (status) {
            case 401:
            case 403:
                return "allow the job's role or user to write there, in the domain's access policy and its role"
                        + " mapping, and check 'authentication', 'region' and 'signing-service'";
            case 404:
                return "check that 'endpoint' is an OpenSearch cluster";
            case 413:
                return "lower 'bulk.max-size', or move to an instance type that takes larger requests";
            default:
                return "check 'endpoint', and that it is OpenSearch 1 or 2";
        }
    }
}
