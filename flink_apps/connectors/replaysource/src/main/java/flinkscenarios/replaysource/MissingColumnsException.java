package flinkscenarios.replaysource;

import java.io.IOException;

/** A file does not have the columns that are needed; the message names them, and those that it has. */
final class MissingColumnsException extends IOException {

    private static final long serialVersionUID = 1L;

    MissingColumnsException(String message) {
        super(message);
    }
}
