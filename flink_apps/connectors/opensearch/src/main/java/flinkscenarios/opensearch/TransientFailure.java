package flinkscenarios.opensearch;

import java.io.IOException;
import javax.annotation.Nullable;

/** What kept OpenSearch from doing all of a bulk request, and may pass; the message is one line. */
final class TransientFailure extends IOException {

    private static final long serialVersionUID = 1L;

    private TransientFailure(String message, @Nullable Exception cause) {
        super(message, cause);
    }

    /** The whole request was answered with a status that may pass. */
    static TransientFailure of(int status, String text) {
        return new TransientFailure("status " + status + ": " + RequestFailure.line(text), null);
    }

    /** The request could not be sent, or was not answered. */
    static TransientFailure of(Exception trouble) {
        return new TransientFailure(RequestFailure.line(trouble.toString()), trouble);
    }

    /** An action of the request was answered with a status that may pass. */
    static TransientFailure of(BulkAction action, ItemResult result) {
        return new TransientFailure(RequestFailure.line(action, result), null);
    }
}
