package flinkscenarios.kinesis;

import static flinkscenarios.options.OptionChecks.address;
import static flinkscenarios.options.OptionChecks.bool;
import static flinkscenarios.options.OptionChecks.invalid;
import static flinkscenarios.options.OptionChecks.required;

import java.io.Serializable;
import java.net.URI;
import java.util.Optional;
import java.util.Set;
import javax.annotation.Nullable;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;

/** Which stream, and how it is reached: the options that source and sink have in common, and their rules. */
final class AwsOptions implements Serializable {

    private static final long serialVersionUID = 1L;

    private static final String ARN_EXAMPLE = "'arn:aws:kinesis:us-east-1:123456789012:stream/trips'";

    static final ConfigOption<String> STREAM_ARN =
            ConfigOptions.key("stream.arn")
                    .stringType()
                    .noDefaultValue()
                    .withDescription("ARN of the stream.");

    static final ConfigOption<String> STREAM_NAME =
            ConfigOptions.key("stream.name")
                    .stringType()
                    .noDefaultValue()
                    .withDescription("Name of the stream, in place of its ARN: it is in the account of the credentials.");

    static final ConfigOption<String> REGION =
            ConfigOptions.key("aws.region")
                    .stringType()
                    .noDefaultValue()
                    .withDescription("AWS region of the stream.");

    static final ConfigOption<String> ENDPOINT =
            ConfigOptions.key("aws.endpoint")
                    .stringType()
                    .noDefaultValue()
                    .withDescription("Address of the service, where it is not the region's own. One with http:// is"
                            + " an emulator's: it gets JSON and the stream's name, and no limits are kept.");

    static final ConfigOption<Boolean> TRUST_ALL_CERTIFICATES =
            ConfigOptions.key("aws.trust.all.certificates")
                    .booleanType()
                    .defaultValue(false)
                    .withDescription("Whether every certificate is accepted: for tests only.");

    static final Set<ConfigOption<?>> REQUIRED = Set.of(REGION);
    static final Set<ConfigOption<?>> OPTIONAL = Set.of(STREAM_ARN, STREAM_NAME, ENDPOINT, TRUST_ALL_CERTIFICATES);

    private final StreamReference stream;
    private final String region;
    @Nullable private final URI endpoint;
    private final boolean trustsAllCertificates;
    private final AwsCredentials credentials;

    private AwsOptions(
            StreamReference stream,
            String region,
            @Nullable URI endpoint,
            boolean trustsAllCertificates,
            AwsCredentials credentials) {
        this.stream = stream;
        this.region = region;
        this.endpoint = endpoint;
        this.trustsAllCertificates = trustsAllCertificates;
        this.credentials = credentials;
    }

    /**
     * Reads and checks the options of a table.
     *
     * @throws ValidationException in one line: the option, its rule, the value received, the fix
     */
    static AwsOptions from(ReadableConfig config) {
        StreamReference stream = stream(config);
        String region = stream.region();
        URI endpoint =
                config.getOptional(ENDPOINT).isPresent()
                        ? address(config, ENDPOINT, "'https://kinesis." + region + ".amazonaws.com', or leave it out")
                        : null;
        boolean trustsAll = bool(config, TRUST_ALL_CERTIFICATES, "'false'");
        return new AwsOptions(stream, region, endpoint, trustsAll, AwsCredentials.from(config, region));
    }

    private static StreamReference stream(ReadableConfig config) {
        String name = config.get(STREAM_NAME);
        if (name != null) {
            if (config.get(STREAM_ARN) != null) {
                throw invalid(config, STREAM_NAME, "not be set beside 'stream.arn'", "one of the two");
            }
            return StreamReference.ofName(required(config, REGION, "'us-east-1'"), name)
                    .orElseThrow(() -> invalid(config, STREAM_NAME, "be the name of a stream", "'trips'"));
        }
        StreamReference stream =
                StreamReference.ofArn(required(config, STREAM_ARN, ARN_EXAMPLE))
                        .orElseThrow(() -> invalid(config, STREAM_ARN, "be the ARN of a stream", ARN_EXAMPLE));
        String example = "'" + stream.region() + "'";
        if (!required(config, REGION, example).equals(stream.region())) {
            throw invalid(config, REGION, "be the region of 'stream.arn'", example);
        }
        return stream;
    }

    StreamReference stream() {
        return stream;
    }

    String region() {
        return region;
    }

    Optional<URI> endpoint() {
        return Optional.ofNullable(endpoint);
    }

    /** Whether it is an emulator that answers: the service itself is never spoken to without TLS. */
    boolean emulated() {
        return endpoint != null && "http".equalsIgnoreCase(endpoint.getScheme());
    }

    boolean trustsAllCertificates() {
        return trustsAllCertificates;
    }

    AwsCredentials credentials() {
        return credentials;
    }
}
