package flinkscenarios.opensearch;

import flinkscenarios.http.Answer;
import flinkscenarios.http.OneLine;
import flinkscenarios.http.RequestFailure;
import flinkscenarios.http.RetriesExhaustedException;
import java.net.URI;

/** Why a bulk request fails for good, and with it the job. */
final class BulkFailures {

    private final String server;

    BulkFailures(URI endpoint) {
        this.server = "OpenSearch at " + endpoint;
    }

    /** OpenSearch refused the request as a whole. */
    RequestFailure refused(Answer answer) {
        return new RequestFailure(server, "accept bulk requests", answer.toString(), fix(answer.status()));
    }

    /** The answer is not that of a bulk request. */
    RequestFailure misunderstood(String defect, Answer answer) {
        return new RequestFailure(
                server,
                "answer for each action of a bulk request",
                OneLine.of(defect) + ": " + OneLine.of(answer.text()),
                "check that 'endpoint' is an OpenSearch cluster");
    }

    /** The index of the rejected documents refused one of them, or may not be written at all. */
    RequestFailure rejectionRefused(BulkAction action, ItemResult result) {
        boolean forbidden = result.status() == 401 || result.status() == 403;
        String fix = forbidden ? "allow the job's role or user to write there" : "correct the mapping of that index";
        return new RequestFailure(server, "keep rejected documents", result.describe(action), fix);
    }

    /** All attempts are used up. */
    RequestFailure exhausted(RetriesExhaustedException exhausted) {
        return RequestFailure.exhausted(
                server,
                "accept a bulk request",
                exhausted,
                "see the cluster's health and load, and whether it can be reached from here");
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
                return "use an instance type that takes larger requests";
            default:
                return "check 'endpoint', and that it is OpenSearch 1 or 2";
        }
    }
}
