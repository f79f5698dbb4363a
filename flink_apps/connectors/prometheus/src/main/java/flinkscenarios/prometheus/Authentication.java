package flinkscenarios.prometheus;

import java.time.Clock;
import java.util.Map;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;

/** Proves to Prometheus who sends a request. */
interface Authentication extends AutoCloseable {

    /** The headers that prove it, for a body as it is sent. */
    Map<String, String> headers(byte[] body);

    @Override
    default void close() {}

    /** The way that the options choose. */
    static Authentication of(PrometheusOptions options) {
        if (options.authentication() == PrometheusOptions.AuthenticationKind.NONE) {
            return body -> Map.of();
        }
        // One of its own, not the shared one: closing it ends its threads, and with them its hold on the job.
        DefaultCredentialsProvider credentials = DefaultCredentialsProvider.builder().build();
        return new SigV4Authentication(options, credentials, Clock.systemUTC());
    }
}
