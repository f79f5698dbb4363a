package flinkscenarios.opensearch;

import static flinkscenarios.options.OptionChecks.address;
import static flinkscenarios.options.OptionChecks.integer;
import static flinkscenarios.options.OptionChecks.invalid;
import static flinkscenarios.options.OptionChecks.required;
import static flinkscenarios.options.OptionChecks.oneOf;
import static flinkscenarios.options.OptionChecks.read;
import static flinkscenarios.options.OptionChecks.sinkParallelism;
import static flinkscenarios.options.OptionChecks.bool;

import flinkscenarios.http.AuthenticationKind;
import flinkscenarios.http.AuthenticationMethod;
import flinkscenarios.http.Timeouts;
import java.io.Serializable;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.annotation.Nullable;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.factories.FactoryUtil;

/** The options of an {@code opensearch-signed} table, and their rules; {@link DocumentColumns} reads column names. */
final class OpenSearchOptions implements Serializable {

    private static final long serialVersionUID = 1L;

    static final ConfigOption<String> ENDPOINT =
            ConfigOptions.key("endpoint")
                    .stringType()
                    .noDefaultValue()
                    .withDescription("Address of the cluster: https://host, or http://host:port for an emulator.");

    static final ConfigOption<String> INDEX =
            ConfigOptions.key("index")
                    .stringType()
                    .noDefaultValue()
                    .withDescription("Name of the index that takes all documents; or set 'index-column'.");

    static final ConfigOption<String> INDEX_COLUMN =
            ConfigOptions.key("index-column")
                    .stringType()
                    .noDefaultValue()
                    .withDescription("STRING column with the name of each row's index; or set 'index'.");

    static final ConfigOption<String> ID_COLUMN =
            ConfigOptions.key("id-column")
                    .stringType()
                    .noDefaultValue()
                    .withDescription("STRING, BIGINT or INT column with the id of each row's document; without it"
                            + " OpenSearch generates the ids, and a restart repeats documents.");

    static final ConfigOption<String> DOCUMENT_COLUMN =
            ConfigOptions.key("document-column")
                    .stringType()
                    .noDefaultValue()
                    .withDescription("BYTES column with the document's JSON; without it the document has all"
                            + " columns but those of the index and the id.");

    static final ConfigOption<String> AUTHENTICATION =
            ConfigOptions.key("authentication")
                    .stringType()
                    .defaultValue(AuthenticationKind.SIGV4.toString())
                    .withDescription("'sigv4': signed with the AWS credentials that the process finds;"
                            + " 'basic': user name and password; 'none'.");

    static final ConfigOption<String> REGION =
            ConfigOptions.key("region")
                    .stringType()
                    .noDefaultValue()
                    .withDescription("AWS region of the domain; needed for 'sigv4'.");

    static final ConfigOption<String> SIGNING_SERVICE =
            ConfigOptions.key("signing-service")
                    .stringType()
                    .defaultValue("es")
                    .withDescription("Signing name of the service: 'es' for a domain, 'aoss' for a serverless"
                            + " collection.");

    static final ConfigOption<String> USERNAME =
            ConfigOptions.key("username")
                    .stringType()
                    .noDefaultValue()
                    .withDescription("User name; needed for 'basic'.");

    static final ConfigOption<String> PASSWORD =
            ConfigOptions.key("password")
                    .stringType()
                    .noDefaultValue()
                    .withDescription("Password; needed for 'basic'.");

    static final ConfigOption<Boolean> COMPRESSION =
            ConfigOptions.key("compression")
                    .booleanType()
                    .defaultValue(false)
                    .withDescription("Whether requests are compressed by gzip: less traffic for more CPU time.");

    static final ConfigOption<Integer> BULK_MAX_ACTIONS =
            ConfigOptions.key("bulk.max-actions")
                    .intType()
                    .defaultValue(5000)
                    .withDescription("Most documents in a bulk request.");

    static final ConfigOption<MemorySize> BULK_MAX_SIZE =
            ConfigOptions.key("bulk.max-size")
                    .memoryType()
                    .defaultValue(MemorySize.ofMebiBytes(5))
                    .withDescription("Largest bulk request, whole megabytes; a document that is larger is sent alone.");

    static final ConfigOption<Duration> BULK_INTERVAL =
            ConfigOptions.key("bulk.interval")
                    .durationType()
                    .defaultValue(Duration.ofSeconds(1))
                    .withDescription("Longest time that a document waits for others.");

    static final ConfigOption<Integer> RETRY_MAX_ATTEMPTS =
            ConfigOptions.key("retry.max-attempts")
                    .intType()
                    .defaultValue(15)
                    .withDescription("How often a request is sent before the job fails; pauses grow from 50 ms to"
                            + " 10 s, so that 15 attempts take about a minute.");

    static final ConfigOption<Duration> CONNECTION_TIMEOUT =
            ConfigOptions.key("connection.timeout")
                    .durationType()
                    .defaultValue(Duration.ofSeconds(10))
                    .withDescription("Longest time to establish a connection.");

    static final ConfigOption<Duration> CONNECTION_REQUEST_TIMEOUT =
            ConfigOptions.key("connection.request-timeout")
                    .durationType()
                    .defaultValue(Duration.ofSeconds(10))
                    .withDescription("Longest time to wait for a free connection of the pool.");

    static final ConfigOption<Duration> SOCKET_TIMEOUT =
            ConfigOptions.key("socket.timeout")
                    .durationType()
                    .defaultValue(Duration.ofSeconds(90))
                    .withDescription("Longest silence on a connection while a request is answered; OpenSearch itself"
                            + " gives up after 60 s.");

    static final ConfigOption<String> REJECTED_INDEX =
            ConfigOptions.key("rejected.index")
                    .stringType()
                    .defaultValue("rejected-documents")
                    .withDescription("Index that stores the documents that their own index refuses.");

    static final Set<ConfigOption<?>> REQUIRED = Set.of(ENDPOINT);

    static final Set<ConfigOption<?>> OPTIONAL =
            Set.of(
                    INDEX,
                    INDEX_COLUMN,
                    ID_COLUMN,
                    DOCUMENT_COLUMN,
                    AUTHENTICATION,
                    REGION,
                    SIGNING_SERVICE,
                    USERNAME,
                    PASSWORD,
                    COMPRESSION,
                    BULK_MAX_ACTIONS,
                    BULK_MAX_SIZE,
                    BULK_INTERVAL,
                    RETRY_MAX_ATTEMPTS,
                    CONNECTION_TIMEOUT,
                    CONNECTION_REQUEST_TIMEOUT,
                    SOCKET_TIMEOUT,
                    REJECTED_INDEX,
                    FactoryUtil.SINK_PARALLELISM);

    private static final Duration LONGEST = Duration.ofHours(1);
    private static final int MOST_ACTIONS = 100_000;

    /** What the largest domains take in one request. */
    private static final int MOST_MEBIBYTES = 100;

    private static final int MOST_ATTEMPTS = 1000;

    private final URI endpoint;
    private final AuthenticationMethod authentication;
    private final boolean compression;
    private final int maxActions;
    private final long maxBytes;
    private final int maxAttempts;
    private final int intervalMillis;
    private final Timeouts timeouts;
    private final String rejectedIndex;
    @Nullable private final Integer parallelism;

    private OpenSearchOptions(ReadableConfig config) {
        endpoint = endpoint(config);
        compression = bool(config, COMPRESSION, "'true'");
        maxActions = integer(config, BULK_MAX_ACTIONS, 1, MOST_ACTIONS, "'5000'");
        maxBytes = size(config).getBytes();
        maxAttempts = integer(config, RETRY_MAX_ATTEMPTS, 1, MOST_ATTEMPTS, "'15'");
        intervalMillis = millis(config, BULK_INTERVAL, "'1 s'");
        timeouts =
                Timeouts.ofParts(
                        millis(config, CONNECTION_TIMEOUT, "'10 s'"),
                        millis(config, CONNECTION_REQUEST_TIMEOUT, "'10 s'"),
                        millis(config, SOCKET_TIMEOUT, "'90 s'"));
        rejectedIndex = nonEmpty(config, REJECTED_INDEX, "'rejected-documents'");
        parallelism = sinkParallelism(config);
        authentication = authentication(config);
    }

    /**
     * Reads and checks the options of a table.
     *
     * @throws ValidationException in one line: the option, its rule, the value received, the fix
     */
    static OpenSearchOptions from(ReadableConfig config) {
        OpenSearchOptions options = new OpenSearchOptions(config);
        if (config.getOptional(INDEX).isPresent() == config.getOptional(INDEX_COLUMN).isPresent()) {
            String rule = "be set where 'index-column' is not, and only there";
            throw invalid(config, INDEX, rule, "'trips', or just 'index-column' = 'index'");
        }
        if (config.getOptional(INDEX).isPresent()) {
            nonEmpty(config, INDEX, "'trips'");
        }
        if (options.rejectedIndex.equals(config.get(INDEX))) {
            throw invalid(config, REJECTED_INDEX, "differ from 'index'", "'rejected-documents'");
        }
        return options;
    }

    /** Scheme, host and port; no port where it is the scheme's own. */
    URI endpoint() {
        return endpoint;
    }

    AuthenticationMethod authentication() {
        return authentication;
    }

    boolean compression() {
        return compression;
    }

    int maxActions() {
        return maxActions;
    }

    long maxBytes() {
        return maxBytes;
    }

    int maxAttempts() {
        return maxAttempts;
    }

    int intervalMillis() {
        return intervalMillis;
    }

    Timeouts timeouts() {
        return timeouts;
    }

    String rejectedIndex() {
        return rejectedIndex;
    }

    /** Parallelism of the sink; null where it follows its input. */
    @Nullable
    Integer parallelism() {
        return parallelism;
    }

    private static URI endpoint(ReadableConfig config) {
        String example = "'https://search-trips.us-east-1.es.amazonaws.com', or 'http://localhost:9200'";
        URI uri = address(config, ENDPOINT, example);
        boolean more = !Set.of("", "/").contains(uri.getRawPath()) || uri.getRawQuery() != null;
        if (more || uri.getRawUserInfo() != null || uri.getRawFragment() != null) {
            throw invalid(config, ENDPOINT, "end with the host or its port", example);
        }
        String scheme = uri.getScheme().toLowerCase(Locale.ROOT);
        boolean defaultPort = uri.getPort() < 0 || uri.getPort() == (scheme.equals("https") ? 443 : 80);
        return URI.create(scheme + "://" + uri.getHost() + (defaultPort ? "" : ":" + uri.getPort()));
    }

    private static AuthenticationMethod authentication(ReadableConfig config) {
        String service = nonEmpty(config, SIGNING_SERVICE, "'es'");
        switch (oneOf(config, AUTHENTICATION, List.of(AuthenticationKind.values()), "'sigv4'")) {
            case SIGV4:
                String example = "'us-east-1', or 'authentication' = 'none' for an emulator";
                return AuthenticationMethod.sigV4(required(config, REGION, example), service);
            case BASIC:
                String username = required(config, USERNAME, "'writer'");
                return AuthenticationMethod.basic(username, required(config, PASSWORD, "the user's password"));
            case NONE:
            default:
                return AuthenticationMethod.none();
        }
    }

    private static String nonEmpty(ReadableConfig config, ConfigOption<String> option, String example) {
        String value = config.get(option);
        if (value.isBlank()) {
            throw invalid(config, option, "not be empty", example);
        }
        return value;
    }

    private static MemorySize size(ReadableConfig config) {
        String rule = "be whole megabytes, from 1 mb to " + MOST_MEBIBYTES + " mb";
        MemorySize size = read(config, BULK_MAX_SIZE, rule, "'5 mb'");
        int mebibytes = size.getMebiBytes();
        if (!MemorySize.ofMebiBytes(mebibytes).equals(size) || mebibytes < 1 || mebibytes > MOST_MEBIBYTES) {
            throw invalid(config, BULK_MAX_SIZE, rule, "'5 mb'");
        }
        return size;
    }

    private static int millis(ReadableConfig config, ConfigOption<Duration> option, String example) {
        String rule = "be a duration from 1 ms to " + LONGEST.toHours() + " h";
        Duration value = read(config, option, rule, example);
        if (value.toMillis() < 1 || value.compareTo(LONGEST) > 0) {
            throw invalid(config, option, rule, example);
        }
        return (int) value.toMillis();
    }
}
