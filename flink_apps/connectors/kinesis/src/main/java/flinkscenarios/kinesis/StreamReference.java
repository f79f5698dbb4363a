package flinkscenarios.kinesis;

import java.io.Serializable;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.annotation.Nullable;

/** A stream: by its ARN, {@code arn:aws:kinesis:region:account:stream/name}, or by its name in the caller's account. */
final class StreamReference implements Serializable {

    private static final long serialVersionUID = 1L;

    private static final Pattern ARN =
            Pattern.compile("arn:aws[a-z-]*:kinesis:([a-z0-9-]+):([0-9]{12}):stream/([A-Za-z0-9_.-]{1,128})");
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,128}");

    private final String region;
    private final String name;
    @Nullable private final String arn;
    @Nullable private final String account;

    private StreamReference(String region, String name, @Nullable String arn, @Nullable String account) {
        this.region = region;
        this.name = name;
        this.arn = arn;
        this.account = account;
    }

    /** Returns the stream of an ARN; nothing for a text that is not the ARN of a stream. */
    static Optional<StreamReference> ofArn(String text) {
        Matcher parts = ARN.matcher(text);
        return parts.matches()
                ? Optional.of(new StreamReference(parts.group(1), parts.group(3), text, parts.group(2)))
                : Optional.empty();
    }

    /** Returns the stream of a name; nothing for a text that is not the name of a stream. */
    static Optional<StreamReference> ofName(String region, String name) {
        return NAME.matcher(name).matches()
                ? Optional.of(new StreamReference(region, name, null, null))
                : Optional.empty();
    }

    String region() {
        return region;
    }

    String name() {
        return name;
    }

    Optional<String> arn() {
        return Optional.ofNullable(arn);
    }

    Optional<String> account() {
        return Optional.ofNullable(account);
    }

    /** Returns the ARN, or else the name. */
    @Override
    public String toString() {
        return arn != null ? arn : name;
    }
}
