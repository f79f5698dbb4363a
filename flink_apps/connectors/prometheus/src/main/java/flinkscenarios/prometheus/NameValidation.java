package flinkscenarios.prometheus;

import com.google.protobuf.UnsafeByteOperations;
import java.util.Locale;

/** Which names of metrics and labels are legal; in lower case, the values of a table's option. */
enum NameValidation {
    /** Letters, digits and underscores of ASCII, and colons in metrics: what every server accepts. */
    LEGACY,
    /** Any text in UTF-8, such as one with dots: since Prometheus 3. */
    UTF8;

    boolean allowsMetric(byte[] name) {
        return allows(name, true);
    }

    boolean allowsLabel(byte[] name) {
        return allows(name, false);
    }

    /** The rule for a metric, after "must". */
    String ofMetrics() {
        return this == UTF8 ? "be text in UTF-8" : "match [a-zA-Z_:][a-zA-Z0-9_:]*";
    }

    /** The rule for a label, after "must". */
    String ofLabels() {
        return this == UTF8 ? "be text in UTF-8" : "match [a-zA-Z_][a-zA-Z0-9_]*";
    }

    /** What to do about an illegal name of {@code named}. */
    String fix(String named) {
        String rename = "rename the " + named;
        return this == UTF8 ? rename : rename + ", or set 'name-validation-scheme' to 'utf8' if the server allows it";
    }

    static boolean isUtf8(byte[] text) {
        return UnsafeByteOperations.unsafeWrap(text).isValidUtf8();
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    private boolean allows(byte[] name, boolean colons) {
        return name.length > 0 && (this == UTF8 ? isUtf8(name) : isLegacy(name, colons));
    }

    private static boolean isLegacy(byte[] name, boolean colons) {
        for (int i = 0; i < name.length; i++) {
            byte c = name[i];
            boolean letter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == ':' && colons;
            boolean digit = c >= '0' && c <= '9';
            if (!letter && (!digit || i == 0)) {
                return false;
            }
        }
        return true;
    }
}
