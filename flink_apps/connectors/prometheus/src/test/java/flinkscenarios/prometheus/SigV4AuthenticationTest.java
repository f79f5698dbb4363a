package flinkscenarios.prometheus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;

class SigV4AuthenticationTest {

    private static final String ID = "AKIDEXAMPLE";
    private static final String SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    private static final String TOKEN = "the+session/token==";
    private static final String WORKSPACE =
            "https://aps-workspaces.eu-central-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write";
    private static final byte[] BODY = {0, 1, (byte) 0xff, 0x7f};

    private static SigV4Authentication signing(String url, AwsCredentialsProvider credentials) {
        Map<String, String> options = Map.of("metric.endpoint-url", url, "region", "eu-central-1");
        Clock clock = Clock.fixed(Instant.parse("2024-02-29T12:34:56Z"), ZoneOffset.UTC);
        return new SigV4Authentication(PrometheusOptions.from(Configuration.fromMap(options)), credentials, clock);
    }

    private static AwsCredentialsProvider inTurn(AwsCredentials... credentials) {
        Iterator<AwsCredentials> turns = Arrays.asList(credentials).iterator();
        return turns::next;
    }

    /** The signatures were computed by botocore, over the same path, headers and body. */
    @ParameterizedTest
    @CsvSource({
        WORKSPACE + ", 63bc97cdc1784f13af5d2930d81232b9b82f85c3d28082f277e826cdc381814c",
        "http://localhost:9090/a%20b/write?x=1%2F2, 8c3f60d1540cc82a8f526025255c2ad3c577c7395be99282595fa242cf141c37",
    })
    void aSignatureIsWhatAwsExpects(String url, String signature) {
        Map<String, String> headers = signing(url, inTurn(AwsBasicCredentials.create(ID, SECRET))).headers(BODY);
        assertEquals("20240229T123456Z", headers.get("X-Amz-Date"));
        assertEquals(
                "5f723fc5e0e8b7acee40317aa04bb64a69b3036c1036273aeaae591c63eeaab9",
                headers.get("x-amz-content-sha256"));
        assertEquals(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20240229/eu-central-1/aps/aws4_request,"
                        + " SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=" + signature,
                headers.get("Authorization"));
        assertFalse(headers.containsKey("X-Amz-Security-Token"));
    }

    @Test
    void aSessionTokenIsSentAndSigned() {
        Map<String, String> headers =
                signing(WORKSPACE, inTurn(AwsSessionCredentials.create(ID, SECRET, TOKEN))).headers(BODY);
        assertEquals(TOKEN, headers.get("X-Amz-Security-Token"));
        assertEquals(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20240229/eu-central-1/aps/aws4_request,"
                        + " SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,"
                        + " Signature=aed35466e7d81ec1a106eab96a9107f6997cab024f5dc87544895f9d8ede3472",
                headers.get("Authorization"));
    }

    @Test
    void eachRequestIsSignedWithTheCredentialsOfTheMoment() {
        SigV4Authentication authentication =
                signing(
                        WORKSPACE,
                        inTurn(AwsBasicCredentials.create(ID, SECRET), AwsBasicCredentials.create(ID, "other")));
        String first = authentication.headers(BODY).get("Authorization");
        assertNotEquals(first, authentication.headers(BODY).get("Authorization"));
    }
}
