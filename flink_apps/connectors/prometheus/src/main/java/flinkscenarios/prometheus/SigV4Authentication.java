package flinkscenarios.prometheus;

import java.time.Clock;
import java.util.HashMap;
import java.util.Map;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.SignedRequest;
import software.amazon.awssdk.utils.SdkAutoCloseable;

/**
 * Signs requests to Amazon Managed Service for Prometheus with AWS Signature Version 4, each with the credentials of
 * the moment: those of a role change every few hours.
 */
final class SigV4Authentication implements Authentication {

    private static final String SERVICE = "aps";
    private static final String HOST = "Host";

    private final SdkHttpRequest request;
    private final String region;
    private final AwsCredentialsProvider credentials;
    private final Clock clock;
    private final AwsV4HttpSigner signer = AwsV4HttpSigner.create();

    SigV4Authentication(PrometheusOptions options, AwsCredentialsProvider credentials, Clock clock) {
        this.request = SdkHttpRequest.builder().method(SdkHttpMethod.POST).uri(options.endpoint()).build();
        this.region = options.region();
        this.credentials = credentials;
        this.clock = clock;
    }

    @Override
    public Map<String, String> headers(byte[] body) {
        SignedRequest signed =
                signer.sign(
                        sign ->
                                sign.identity(credentials.resolveCredentials())
                                        .request(request)
                                        .payload(ContentStreamProvider.fromByteArray(body))
                                        .putProperty(AwsV4HttpSigner.REGION_NAME, region)
                                        .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, SERVICE)
                                        .putProperty(HttpSigner.SIGNING_CLOCK, clock));
        Map<String, String> headers = new HashMap<>();
        signed.request().forEachHeader((name, values) -> headers.put(name, String.join(",", values)));
        // It is signed, but the HTTP client lets nobody else write it.
        headers.remove(HOST);
        return headers;
    }

    @Override
    public void close() {
        if (credentials instanceof SdkAutoCloseable) {
            ((SdkAutoCloseable) credentials).close();
        }
    }
}
