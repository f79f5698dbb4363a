package flinkscenarios.kinesis;

/** A call that the service, or the way to it, has not answered as hoped; in one line, with the stream. */
final class ServiceException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** What a caller can do about it. */
    enum Kind {
        /** Beyond a limit of the service: later again, less often. */
        THROTTLED,
        /** No answer, or an error of the service's own: later again. */
        UNAVAILABLE,
        /** The iterator is too old: a new one. */
        EXPIRED_ITERATOR,
        /** No such position: it is older than what the stream keeps, or from another stream. */
        NO_POSITION,
        /** No such stream or shard. */
        NOT_FOUND,
        /** Nothing that time heals: no permission, bad credentials, a request that is not valid. */
        REFUSED;

        boolean passes() {
            return this == THROTTLED || this == UNAVAILABLE;
        }
    }

    private final Kind kind;

    ServiceException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    Kind kind() {
        return kind;
    }
}
