package flinkscenarios.opensearch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import flinkscenarios.http.Authentication;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AuthenticationOptionsTest {

    /** The first place in which the AWS SDK looks for credentials. */
    private static final Map<String, String> CREDENTIALS =
            Map.of("aws.accessKeyId", "id", "aws.secretAccessKey", "secret");

    private final Map<String, String> options =
            new HashMap<>(Map.of("endpoint", "https://search.example.com", "index", "trips"));

    @BeforeEach
    void setCredentials() {
        CREDENTIALS.forEach(System::setProperty);
    }

    @AfterEach
    void forgetCredentials() {
        CREDENTIALS.keySet().forEach(System::clearProperty);
    }

    private Map<String, String> headers() {
        OpenSearchOptions read = OpenSearchOptions.from(Configuration.fromMap(options));
        try (Authentication authentication = read.authentication().create()) {
            return authentication.headers("POST", URI.create(read.endpoint() + "/_bulk"), new byte[0]);
        }
    }

    @Test
    void aSignatureNamesTheRegionAndTheServiceOfTheOptions() {
        options.putAll(Map.of("region", "eu-central-1", "signing-service", "aoss"));
        String signature = headers().get("Authorization");
        assertTrue(signature.contains("/eu-central-1/aoss/aws4_request"), signature);
    }

    @Test
    void basicAuthenticationSendsUserAndPassword() {
        options.putAll(Map.of("authentication", "basic", "username", "wörter", "password", "a:b"));
        assertEquals(Map.of("Authorization", "Basic d8O2cnRlcjphOmI="), headers());
    }

    @Test
    void withoutAuthenticationNothingIsSent() {
        options.put("authentication", "none");
        assertEquals(Map.of(), headers());
    }
}
