package flinkscenarios.opensearch;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.opensearch.action.DocWriteRequest;
import org.opensearch.action.bulk.BulkItemResponse;

/** What the answer to one item of a bulk request means. */
enum ItemVerdict {
    /** OpenSearch did it, or there was nothing to do. */
    DONE,
    /** It may work later. */
    RETRY,
    /** OpenSearch will never take this document. */
    REFUSED,
    /** The writer may not do this, with any document. */
    FORBIDDEN;

    private static final Pattern EXCEPTION =
            Pattern.compile("OpenSearch exception \\[type=([^,]+), reason=(.*)]", Pattern.DOTALL);

    static ItemVerdict of(BulkItemResponse item) {
        if (!item.isFailed()) {
            return DONE;
        }
        int status = item.status().getStatus();
        if (status == 404 && item.getOpType() == DocWriteRequest.OpType.DELETE) {
            return DONE;
        }
        if (status == 401 || status == 403) {
            return FORBIDDEN;
        }
        return status == 429 || status >= 500 ? RETRY : REFUSED;
    }

    /** Why an item failed, as OpenSearch says it: {@code type: reason; caused by type: reason}. */
    static String reason(BulkItemResponse item) {
        StringBuilder reason = new StringBuilder();
        for (Throwable cause = item.getFailure().getCause(); cause != null; cause = cause.getCause()) {
            Matcher exception = EXCEPTION.matcher(String.valueOf(cause.getMessage()));
            reason.append(reason.length() == 0 ? "" : "; caused by ");
            reason.append(exception.matches() ? exception.group(1) + ": " + exception.group(2) : cause.getMessage());
        }
        return reason.toString();
    }
}
