package flinkscenarios.http;

import java.net.URI;
import java.time.Clock;
import java.util.Map;
import java.util.stream.Collectors;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.SignedRequest;
import software.amazon.awssdk.utils.SdkAutoCloseable;

/**
 * Signs requests with AWS Signature Version 4. It resolves the credentials anew for each request: those of a role
 * change every few hours.
 *
 * <p>The signature covers host, date and body; a proxy may change other headers. {@code Host} is among the headers
 * returned.
 */
public final class SigV4Authentication implements Authentication {

    private final String region;
    private final String service;
    private final AwsCredentialsProvider credentials;
    private final Clock clock;
    private final AwsV4HttpSigner signer = AwsV4HttpSigner.create();

    SigV4Authentication(String region, String service, AwsCredentialsProvider credentials, Clock clock) {
        this.region = region;
        this.service = service;
        this.credentials = credentials;
        this.clock = clock;
    }

    /**
     * Signs with the credentials of the AWS SDK's default chain.
     *
     * @param region such as {@code us-east-1}
     * @param service the signing name of the service, such as {@code es}
     */
    public static SigV4Authentication of(String region, String service) {
        // A provider of its own, not the shared one: closing it ends its threads, which would keep the job's classes.
        DefaultCredentialsProvider credentials = DefaultCredentialsProvider.builder().build();
        return new SigV4Authentication(region, service, credentials, Clock.systemUTC());
    }

    @Override
    public Map<String, String> headers(String method, URI uri, byte[] body) {
        SdkHttpRequest request =
                SdkHttpRequest.builder().method(SdkHttpMethod.fromValue(method)).uri(uri).build();
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
