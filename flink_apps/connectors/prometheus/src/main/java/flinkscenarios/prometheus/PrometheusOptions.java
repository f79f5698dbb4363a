package flinkscenarios.prometheus;

import static flinkscenarios.options.OptionChecks.address;
import static flinkscenarios.options.OptionChecks.integer;
import static flinkscenarios.options.OptionChecks.invalid;
import static flinkscenarios.options.OptionChecks.matching;
import static flinkscenarios.options.OptionChecks.oneOf;
import static flinkscenarios.options.OptionChecks.read;
import static flinkscenarios.options.OptionChecks.required;
import static flinkscenarios.options.OptionChecks.sinkParallelism;

import flinkscenarios.http.AuthenticationKind;
import flinkscenarios.http.AuthenticationMethod;
import java.io.Serializable;
import java.net.URI;
import java.util.List;
import java.util.Set;
import javax.annotation.Nullable;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.factories.FactoryUtil;

/** The options of a {@code prometheus-remote-write} table, and their rules; {@link SampleColumns} finds the columns. */
final class PrometheusOptions implements Serializable {

    private static final long serialVersionUID = 1L;

    /** What the job does when a request has failed for good. */
    enum OnError {
        FAIL,
        DISCARD_AND_CONTINUE
    }

    static final ConfigOption<String> ENDPOINT_URL =
            ConfigOptions.key("metric.endpoint-url")
                    .stringType()
                    .noDefaultValue()
                    .withDescription("Address that takes remote write requests, path included.");

    static final ConfigOption<String> METRIC_NAME_COLUMN =
            ConfigOptions.key("metric-name-column")
                    .stringType()
                    .defaultValue("metric_name")
                    .withDescription("STRING column with the metric's name.");

    static final ConfigOption<String> LABELS_COLUMN =
            ConfigOptions.key("labels-column")
                    .stringType()
                    .defaultValue("labels")
                    .withDescription("MAP<STRING, STRING> column with the other labels; one with an empty value is left"
                            + " out.");

    static final ConfigOption<String> VALUE_COLUMN =
            ConfigOptions.key("value-column")
                    .stringType()
                    .defaultValue("value")
                    .withDescription("DOUBLE column with the value.");

    static final ConfigOption<String> TIMESTAMP_COLUMN =
            ConfigOptions.key("timestamp-column")
                    .stringType()
                    .defaultValue("timestamp")
                    .withDescription("Column with the time: BIGINT, milliseconds since 1970, or TIMESTAMP_LTZ(3).");

    static final ConfigOption<String> AUTHENTICATION =
            ConfigOptions.key("authentication")
                    .stringType()
                    .defaultValue(AuthenticationKind.SIGV4.toString())
                    .withDescription("'sigv4': signed with the AWS credentials that the process finds; 'none'.");

    static final ConfigOption<String> REGION =
            ConfigOptions.key("region")
                    .stringType()
                    .noDefaultValue()
                    .withDescription("AWS region of the workspace; needed for 'sigv4'.");

    static final ConfigOption<Integer> MAX_BATCH_SIZE =
            ConfigOptions.key("max-batch-size-in-samples")
                    .intType()
                    .defaultValue(500)
                    .withDescription("Number of samples that makes a request full.");

    static final ConfigOption<Integer> MAX_TIME_IN_BUFFER =
            ConfigOptions.key("max-time-in-buffer-ms")
                    .intType()
                    .defaultValue(5000)
                    .withDescription("Longest time that a sample waits for others, in milliseconds.");

    static final ConfigOption<Integer> MAX_RETRY_COUNT =
            ConfigOptions.key("max-retry-count")
                    .intType()
                    .defaultValue(100)
                    .withDescription("How often a request is repeated.");

    static final ConfigOption<Integer> INITIAL_RETRY_DELAY =
            ConfigOptions.key("initial-retry-delay-ms")
                    .intType()
                    .defaultValue(30)
                    .withDescription("Pause before the first repetition, in milliseconds; it doubles with each further"
                            + " one.");

    static final ConfigOption<Integer> MAX_RETRY_DELAY =
            ConfigOptions.key("max-retry-delay-ms")
                    .intType()
                    .defaultValue(5000)
                    .withDescription("Longest pause before a repetition, in milliseconds.");

    static final ConfigOption<Integer> SOCKET_TIMEOUT =
            ConfigOptions.key("socket-timeout-ms")
                    .intType()
                    .defaultValue(5000)
                    .withDescription("Longest time from a request to the end of its answer, in milliseconds.");

    static final ConfigOption<String> HTTP_USER_AGENT =
            ConfigOptions.key("http-user-agent")
                    .stringType()
                    .defaultValue("Flink-Prometheus")
                    .withDescription("User agent of the requests.");

    static final ConfigOption<String> METRIC_GROUP_NAME =
            ConfigOptions.key("metric-group-name")
                    .stringType()
                    .defaultValue("kinesisanalytics")
                    .withDescription("Group of the sink's own metrics; the managed service shows the default one.");

    static final ConfigOption<String> ON_MAX_RETRY_EXCEEDED =
            ConfigOptions.key("on-max-retry-exceeded")
                    .stringType()
                    .defaultValue(OnError.FAIL.toString())
                    .withDescription("FAIL: the job restarts from its checkpoint; DISCARD_AND_CONTINUE: the request's"
                            + " samples are lost.");

    static final ConfigOption<String> ON_NON_RETRYABLE =
            ConfigOptions.key("on-non-retryable")
                    .stringType()
                    .defaultValue(OnError.DISCARD_AND_CONTINUE.toString())
                    .withDescription("What happens after a refused request; only DISCARD_AND_CONTINUE is possible, as a"
                            + " restart would send the same again.");

    static final ConfigOption<Boolean> SPLIT_REFUSED =
            ConfigOptions.key("split-refused-requests")
                    .booleanType()
                    .noDefaultValue()
                    .withDescription("true: of a request that is refused with 400, only those samples are discarded that"
                            + " cause the refusal, which is right where a server stores nothing of such a request;"
                            + " false: the request is not sent again, which is right where a server has stored the"
                            + " good samples. By default true for 'none', and false for 'sigv4', as in Amazon Managed"
                            + " Service for Prometheus.");

    static final ConfigOption<String> NAME_VALIDATION =
            ConfigOptions.key("name-validation-scheme")
                    .stringType()
                    .defaultValue(NameValidation.LEGACY.toString())
                    .withDescription("'legacy': names are of ASCII letters, digits and _, as every server accepts; 'utf8':"
                            + " they are any text, as Prometheus 3 accepts.");

    static final Set<ConfigOption<?>> REQUIRED = Set.of(ENDPOINT_URL);

    static final Set<ConfigOption<?>> OPTIONAL =
            Set.of(
                    METRIC_NAME_COLUMN,
                    LABELS_COLUMN,
                    VALUE_COLUMN,
                    TIMESTAMP_COLUMN,
                    AUTHENTICATION,
                    REGION,
                    MAX_BATCH_SIZE,
                    MAX_TIME_IN_BUFFER,
                    MAX_RETRY_COUNT,
                    INITIAL_RETRY_DELAY,
                    MAX_RETRY_DELAY,
                    SOCKET_TIMEOUT,
                    HTTP_USER_AGENT,
                    METRIC_GROUP_NAME,
                    ON_MAX_RETRY_EXCEEDED,
                    ON_NON_RETRYABLE,
                    SPLIT_REFUSED,
                    NAME_VALIDATION,
                    FactoryUtil.SINK_PARALLELISM);

    /** The signing name of Amazon Managed Service for Prometheus. */
    private static final String SIGNING_SERVICE = "aps";

    private static final int MOST_SAMPLES = 100_000;
    private static final int LONGEST_MILLIS = 3_600_000;

    private final URI endpoint;
    private final AuthenticationMethod authentication;
    private final int maxBatchSize;
    private final int maxTimeInBufferMillis;
    private final int maxRetryCount;
    private final int initialRetryDelayMillis;
    private final int maxRetryDelayMillis;
    private final int socketTimeoutMillis;
    private final String userAgent;
    private final String metricGroup;
    private final OnError onMaxRetryExceeded;
    private final boolean splitRefused;
    @Nullable private final Integer parallelism;

    private PrometheusOptions(ReadableConfig config) {
        endpoint = endpoint(config);
        maxBatchSize = integer(config, MAX_BATCH_SIZE, 1, MOST_SAMPLES, "'500'");
        maxTimeInBufferMillis = integer(config, MAX_TIME_IN_BUFFER, 1, LONGEST_MILLIS, "'5000'");
        maxRetryCount = integer(config, MAX_RETRY_COUNT, 0, Integer.MAX_VALUE, "'100'");
        initialRetryDelayMillis = integer(config, INITIAL_RETRY_DELAY, 1, LONGEST_MILLIS, "'30'");
        maxRetryDelayMillis = integer(config, MAX_RETRY_DELAY, 1, LONGEST_MILLIS, "'5000'");
        socketTimeoutMillis = integer(config, SOCKET_TIMEOUT, 1, LONGEST_MILLIS, "'5000'");
        userAgent = matching(config, HTTP_USER_AGENT, "[!-~]([ -~]*[!-~])?", "be visible ASCII", "'Flink-Prometheus'");
        metricGroup =
                matching(
                        config,
                        METRIC_GROUP_NAME,
                        "[a-zA-Z0-9_-]+",
                        "be of letters, digits, _ and - only",
                        "'kinesisanalytics'");
        onMaxRetryExceeded = oneOf(config, ON_MAX_RETRY_EXCEEDED, List.of(OnError.values()), "'FAIL'");
        parallelism = sinkParallelism(config);
        authentication = authentication(config);
        Boolean split = read(config, SPLIT_REFUSED, "be true or false", "'true'");
        splitRefused = split == null ? config.get(AUTHENTICATION).equals(AuthenticationKind.NONE.toString()) : split;
        nameValidation(config);
    }

    /**
     * Reads and checks the options of a table.
     *
     * @throws ValidationException in one line: the option, its rule, the value received, the fix
     */
    static PrometheusOptions from(ReadableConfig config) {
        PrometheusOptions options = new PrometheusOptions(config);
        if (options.maxRetryDelayMillis < options.initialRetryDelayMillis) {
            String rule = "not be less than 'initial-retry-delay-ms' = " + options.initialRetryDelayMillis;
            throw invalid(config, MAX_RETRY_DELAY, rule, "'" + options.initialRetryDelayMillis + "'");
        }
        oneOf(config, ON_NON_RETRYABLE, List.of(OnError.DISCARD_AND_CONTINUE), "'DISCARD_AND_CONTINUE'");
        return options;
    }

    URI endpoint() {
        return endpoint;
    }

    AuthenticationMethod authentication() {
        return authentication;
    }

    int maxBatchSize() {
        return maxBatchSize;
    }

    int maxTimeInBufferMillis() {
        return maxTimeInBufferMillis;
    }

    int maxRetryCount() {
        return maxRetryCount;
    }

    int initialRetryDelayMillis() {
        return initialRetryDelayMillis;
    }

    int maxRetryDelayMillis() {
        return maxRetryDelayMillis;
    }

    int socketTimeoutMillis() {
        return socketTimeoutMillis;
    }

    String userAgent() {
        return userAgent;
    }

    String metricGroup() {
        return metricGroup;
    }

    OnError onMaxRetryExceeded() {
        return onMaxRetryExceeded;
    }

    /** Whether a refused request is split, to find the samples that cause the refusal. */
    boolean splitRefused() {
        return splitRefused;
    }

    /** Parallelism of the sink; null where it follows its input. */
    @Nullable
    Integer parallelism() {
        return parallelism;
    }

    static NameValidation nameValidation(ReadableConfig config) {
        return oneOf(config, NAME_VALIDATION, List.of(NameValidation.values()), "'legacy'");
    }

    private static AuthenticationMethod authentication(ReadableConfig config) {
        List<AuthenticationKind> kinds = List.of(AuthenticationKind.SIGV4, AuthenticationKind.NONE);
        if (oneOf(config, AUTHENTICATION, kinds, "'sigv4'") == AuthenticationKind.NONE) {
            return AuthenticationMethod.none();
        }
        String example = "'us-east-1', or 'authentication' = 'none' for a server that verifies nobody";
        return AuthenticationMethod.sigV4(required(config, REGION, example), SIGNING_SERVICE);
    }

    private static URI endpoint(ReadableConfig config) {
        String example =
                "'https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write',"
                        + " or 'http://localhost:9090/api/v1/write'";
        URI uri = address(config, ENDPOINT_URL, example);
        if (uri.getRawUserInfo() != null || uri.getRawFragment() != null) {
            throw invalid(config, ENDPOINT_URL, "have neither a user nor a fragment", example);
        }
        if (uri.getRawPath().isEmpty() || uri.getRawPath().equals("/")) {
            throw invalid(config, ENDPOINT_URL, "have the path of remote write", example);
        }
        return uri;
    }
}
