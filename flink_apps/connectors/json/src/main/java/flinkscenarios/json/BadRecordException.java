package flinkscenarios.json;

/** A message that is not what its table declares; the message of the exception is the reason, without the value. */
final class BadRecordException extends Exception {

    private static final long serialVersionUID = 1L;

    BadRecordException(String reason) {
        // Part of a record's way, not a failure: no stack trace, which would cost more than the parsing.
        super(reason, null, false, false);
    }
}
