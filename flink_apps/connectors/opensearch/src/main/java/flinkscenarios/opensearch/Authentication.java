package flinkscenarios.opensearch;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Base64;
import java.util.Map;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;

/** Proves to OpenSearch who sends a request. */
interface Authentication extends AutoCloseable {

    /**
     * The headers that prove it.
     *
     * @param method of HTTP
     * @param pathAndQuery as they are sent
     * @param body as it is sent; empty where there is none
     */
    Map<String, String> headers(String method, String pathAndQuery, byte[] body);

    @Override
    default void close() {}

    /** The way that the options choose. */
    static Authentication of(OpenSearchOptions options) {
        switch (options.authentication()) {
            case SIGV4:
                // One of its own, not the shared one: closing it ends its threads, and with them its hold on the job.
                DefaultCredentialsProvider credentials = DefaultCredentialsProvider.builder().build();
                return new SigV4Authentication(options, credentials, Clock.systemUTC());
            case BASIC:
                String user = options.username() + ":" + options.password();
                String encoded = Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.UTF_8));
                return (method, pathAndQuery, body) -> Map.of("Authorization", "Basic " + encoded);
            case NONE:
            default:
                return (method, pathAndQuery, body) -> Map.of();
        }
    }
}
