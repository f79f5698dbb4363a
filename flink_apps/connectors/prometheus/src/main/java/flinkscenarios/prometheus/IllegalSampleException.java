package flinkscenarios.prometheus;

/** A row that is not a legal sample. It has no stack trace, as there may be many. */
final class IllegalSampleException extends RuntimeException {

    private static final long serialVersionUID = 1L;
    private static final int LONGEST_VALUE = 100;

    private IllegalSampleException(String message) {
        super(message, null, false, false);
    }

    /** Returns the exception for a part of the row: its rule, the value received, the fix. */
    static IllegalSampleException of(String part, String rule, String got, String fix) {
        String value = got.substring(0, Math.min(got.length(), LONGEST_VALUE));
        return new IllegalSampleException(String.format("the %s must %s (got %s); %s", part, rule, value, fix));
    }
}
