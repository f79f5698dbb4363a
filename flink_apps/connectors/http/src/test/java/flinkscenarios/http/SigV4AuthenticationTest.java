package flinkscenarios.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.utils.SdkAutoCloseable;

class SigV4AuthenticationTest {

    private static final String ID = "AKIDEXAMPLE";
    private static final String SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    private static final String TOKEN = "the+session/token==";
    private static final URI BULK = URI.create("https://search.example.com/_bulk?timeout=1m");
    private static final byte[] BODY =
            "{\"index\":{\"_index\":\"trips\",\"_id\":\"1\"}}\n{\"a\":1}\n".getBytes(StandardCharsets.UTF_8);

    private static SigV4Authentication signing(String service, AwsCredentialsProvider credentials) {
        Clock clock = Clock.fixed(Instant.parse("2024-02-29T12:34:56Z"), ZoneOffset.UTC);
        return new SigV4Authentication("eu-central-1", service, credentials, clock);
    }

    private static AwsCredentialsProvider inTurn(AwsCredentials... credentials) {
        Iterator<AwsCredentials> turns = Arrays.asList(credentials).iterator();
        return turns::next;
    }

    /** The signatures were computed by botocore, over the same method, address, headers and body. */
    @ParameterizedTest
    @CsvSource({
        "https://search.example.com/_bulk?timeout=1m, es, search.example.com,"
                + " c6ced7a5e3a4bdf7b4218467fd9c151d703256fc07ec8595f8d99eb6810d3dc1",
        "http://localhost:9200/_bulk?timeout=1m, es, localhost:9200,"
                + " 695972671e4a7c7271bcd66f2ca94308b1cebe0aa1aeab81b8d1df87ce755e92",
        "https://search.example.com/a%20b/%C3%BC/_bulk?x=1%2F2&timeout=1m, aoss, search.example.com,"
                + " c4534fa1229dd0a328f831712dd0b7ef757ba7a846c2b1ad8eb369fe81e66bf9",
        "https://aps-workspaces.eu-central-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write, aps,"
                + " aps-workspaces.eu-central-1.amazonaws.com,"
                + " 2186c4cb818f1f36b0b8019288d91ed4627ae39e745f4c017fd3a704ac7a97c5",
        "http://localhost:9090/a%20b/write?x=1%2F2, aps, localhost:9090,"
                + " 74401285fd5c6ca00c7850b7cfed70f03a94fc061bb2110142b62637e7fb81b2",
    })
    void aSignatureIsWhatAwsExpects(URI uri, String service, String host, String signature) {
        Map<String, String> headers =
                signing(service, inTurn(AwsBasicCredentials.create(ID, SECRET))).headers("POST", uri, BODY);
        assertEquals(host, headers.get("Host"));
        assertEquals("20240229T123456Z", headers.get("X-Amz-Date"));
        assertEquals(
                "6aa78a85fa19ae3a643e61b26e6aee7ad27870b033cb29d4a927ee513a1a0443",
                headers.get("x-amz-content-sha256"));
        assertEquals(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20240229/eu-central-1/" + service + "/aws4_request,"
                        + " SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=" + signature,
                headers.get("Authorization"));
        assertFalse(headers.containsKey("X-Amz-Security-Token"));
    }

    @Test
    void aSessionTokenIsSentAndSigned() {
        Map<String, String> headers =
                signing("es", inTurn(AwsSessionCredentials.create(ID, SECRET, TOKEN))).headers("POST", BULK, BODY);
        assertEquals(TOKEN, headers.get("X-Amz-Security-Token"));
        assertEquals(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20240229/eu-central-1/es/aws4_request,"
                        + " SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,"
                        + " Signature=5f152817648dda423aa12c8ac67e7520251bee9a9aa7b5c966d818049afe39f7",
                headers.get("Authorization"));
    }

    @Test
    void eachRequestIsSignedWithTheCredentialsOfTheMoment() {
        SigV4Authentication authentication =
                signing("es", inTurn(AwsBasicCredentials.create(ID, SECRET), AwsBasicCredentials.create(ID, "other")));
        String first = authentication.headers("POST", BULK, BODY).get("Authorization");
        assertNotEquals(first, authentication.headers("POST", BULK, BODY).get("Authorization"));
    }

    /** Credentials with threads of their own. */
    private static final class Closeable implements AwsCredentialsProvider, SdkAutoCloseable {
        private boolean closed;

        @Override
        public AwsCredentials resolveCredentials() {
            return AwsBasicCredentials.create(ID, SECRET);
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    @Test
    void theCredentialsAreClosedWithIt() {
        Closeable credentials = new Closeable();
        signing("es", credentials).close();
        assertTrue(credentials.closed);
    }
}
