package flinkscenarios.opensearch;

import java.net.URI;
import java.time.Clock;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.http.HttpHost;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.SignedRequest;
import software.amazon.awssdk.utils.SdkAutoCloseable;

/**
 * Signs requests with AWS Signature Version 4, each with the credentials of the moment: those of a role change every
 * few hours.
 *
 * <p>Host and body are signed; other headers may be changed on the way.
 */
final class SigV4Authentication implements Authentication {

    private final HttpHost endpoint;
    private final String region;
    private final String service;
    private final AwsCredentialsProvider credentials;
    private final Clock clock;
    private final AwsV4HttpSigner signer = AwsV4HttpSigner.create();

    SigV4Authentication(OpenSearchOptions options, AwsCredentialsProvider credentials, Clock clock) {
        this.endpoint = options.endpoint();
        this.region = options.region();
        this.service = options.signingService();
        this.credentials = credentials;
        this.clock = clock;
    }

    @Override
    public Map<String, String> headers(String method, String pathAndQuery, byte[] body) {
        SdkHttpRequest request =
                SdkHttpRequest.builder()
                        .method(SdkHttpMethod.fromValue(method))
                        .uri(URI.create(endpoint.toURI() + pathAndQuery))
                        .build();
        SignedRequest signed =
                signer.sign(
                        sign ->
                                sign.identity(credentials.resolveCredentials())
                                        .request(request)
                                        .payload(ContentStreamProvider.fromByteArray(body))
                                        .putProperty(AwsV4HttpSigner.REGION_NAME, region)
                                        .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, service)
                                        .putProperty(HttpSigner.SIGNING_CLOCK, clock));
        return signed.request().headers().entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, header -> String.join(",", header.getValue())));
    }

    @Override
    public void close() {
        if (credentials instanceof SdkAutoCloseable) {
            ((SdkAutoCloseable) credentials).close();
        }
    }
}
