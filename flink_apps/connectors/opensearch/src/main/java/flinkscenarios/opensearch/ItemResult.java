package flinkscenarios.opensearch;

import flinkscenarios.http.Answer;
import flinkscenarios.http.OneLine;

/** The result of one action of a bulk request. */
final class ItemResult {

    /** What a result means for its action. */
    enum Outcome {
        /** OpenSearch performed it, or there was nothing to do. */
        COMPLETE,
        /** It may succeed later. */
        RETRYABLE,
        /** The index will never take this document. */
        REFUSED,
        /** The writer may not do this, with any document. */
        FORBIDDEN
    }

    static final ItemResult SUCCESS = new ItemResult(Outcome.COMPLETE, 200, "");

    private final Outcome outcome;
    private final int status;
    private final String reason;

    private ItemResult(Outcome outcome, int status, String reason) {
        this.outcome = outcome;
        this.status = status;
        this.reason = reason;
    }

    /**
     * The result of an action for which OpenSearch reports an error.
     *
     * @param status of HTTP
     * @param reason as OpenSearch words it
     */
    static ItemResult failed(boolean deletion, int status, String reason) {
        return new ItemResult(classify(deletion, status), status, reason);
    }

    Outcome outcome() {
        return outcome;
    }

    int status() {
        return status;
    }

    /** Why it failed: {@code type: reason; caused by type: reason}. */
    String reason() {
        return reason;
    }

    /** The result of an action in one line, for a message. */
    String describe(BulkAction action) {
        return String.format("status %d for index %s: %s", status, action.index(), OneLine.of(reason));
    }

    private static Outcome classify(boolean deletion, int status) {
        if (deletion && status == 404) {
            return Outcome.COMPLETE;
        }
        if (status == 401 || status == 403) {
            return Outcome.FORBIDDEN;
        }
        return Answer.isRetryable(status) ? Outcome.RETRYABLE : Outcome.REFUSED;
    }
}
