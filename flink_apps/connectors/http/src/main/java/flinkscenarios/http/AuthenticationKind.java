package flinkscenarios.http;

import java.util.Locale;

/** How a client authenticates its requests; in lower case, the values of a table's option. */
public enum AuthenticationKind {
    /** AWS Signature Version 4. */
    SIGV4,
    /** User name and password. */
    BASIC,
    /** Not at all. */
    NONE;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
