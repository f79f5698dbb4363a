package flinkscenarios.opensearch;

import flinkscenarios.http.Answer;
import flinkscenarios.http.OneLine;
import java.util.Set;
import java.util.regex.Pattern;

/** The result of one action of a bulk request. */
final class ItemResult {

    /** What a result means for its action. */
    enum Outcome {
        /** OpenSearch performed it, or there was nothing to do. */
        COMPLETE,
        /** It may succeed later. */
        RETRYABLE,
        /** The cluster protects itself, such as from a full disk, and lifts this block by itself. */
        CLUSTER_BLOCKED,
        /** Somebody has blocked this index; so does Amazon OpenSearch Service with all indices, for want of memory. */
        INDEX_BLOCKED,
        /** The index will never take this document, or none of this writer. */
        REFUSED
    }

    /** Types of the errors that have blocks in their reason: {@code blocked by: [FORBIDDEN/8/index write (api)];}. */
    static final Set<String> BLOCKS = Set.of("cluster_block_exception", "index_create_block_exception");

    /** Closed, read-only, write, metadata, and an index on remote storage: settings of one index. */
    private static final Pattern INDEX_BLOCK = Pattern.compile("\\[[A-Z_]+/(?:[4589]/|13/remote index)");

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
     * @param type of the error
     * @param reason as OpenSearch words it
     */
    static ItemResult failed(boolean deletion, int status, String type, String reason) {
        return new ItemResult(classify(deletion, status, type, reason), status, reason);
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

    private static Outcome classify(boolean deletion, int status, String type, String reason) {
        if (deletion && status == 404) {
            return Outcome.COMPLETE;
        }
        if (BLOCKS.contains(type)) {
            return INDEX_BLOCK.matcher(reason).find() ? Outcome.INDEX_BLOCKED : Outcome.CLUSTER_BLOCKED;
        }
        return Answer.isRetryable(status) ? Outcome.RETRYABLE : Outcome.REFUSED;
    }
}
