package flinkscenarios.json;

/** A message that is not what its table declares. The exception's message is the reason, without the value. */
final class BadRecordException extends Exception {

    private static final long serialVersionUID = 1L;

    private final ErrorCode code;

    BadRecordException(ErrorCode code, String reason) {
        // A record may well be bad; no stack trace, which would cost more than the parsing.
        super(reason, null, false, false);
        this.code = code;
    }

    ErrorCode code() {
        return code;
    }
}
