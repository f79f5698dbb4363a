package flinkscenarios.opensearch;

import flinkscenarios.http.Answer;
import flinkscenarios.http.RequestFailure;
import java.io.IOException;

/** A request that is larger than OpenSearch, or a server before it, takes. The message is one line: its answer. */
final class RequestTooLargeException extends IOException {

    private static final long serialVersionUID = 1L;

    private final RequestFailure failure;

    /** A request that was refused for its size, and the failure that it is if it cannot become smaller. */
    RequestTooLargeException(Answer answer, RequestFailure failure) {
        super(answer.toString());
        this.failure = failure;
    }

    RequestFailure failure() {
        return failure;
    }
}
