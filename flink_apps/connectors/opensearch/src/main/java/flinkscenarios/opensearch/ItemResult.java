package flinkscenarios.opensearch;

/** What OpenSearch answered to one action of a bulk request. */
final class ItemResult {

    /** What a result means. */
    enum Verdict {
        /** OpenSearch did it, or there was nothing to do. */
        DONE,
        /** It may work later. */
        RETRY,
        /** OpenSearch will never take this document. */
        REFUSED,
        /** The writer may not do this, with any document. */
        FORBIDDEN
    }

    static final ItemResult SUCCESS = new ItemResult(Verdict.DONE, 200, "");

    private final Verdict verdict;
    private final int status;
    private final String reason;

    private ItemResult(Verdict verdict, int status, String reason) {
        this.verdict = verdict;
        this.status = status;
        this.reason = reason;
    }

    /** Of an action that failed with a status of HTTP, for a reason that OpenSearch gives. */
    static ItemResult failed(boolean deletion, int status, String reason) {
        return new ItemResult(verdict(deletion, status), status, reason);
    }

    Verdict verdict() {
        return verdict;
    }

    int status() {
        return status;
    }

    /** Why it failed: {@code type: reason; caused by type: reason}. */
    String reason() {
        return reason;
    }

    private static Verdict verdict(boolean deletion, int status) {
        if (deletion && status == 404) {
            return Verdict.DONE;
        }
        if (status == 401 || status == 403) {
            return Verdict.FORBIDDEN;
        }
        return status == 429 || status >= 500 ? Verdict.RETRY : Verdict.REFUSED;
    }
}
