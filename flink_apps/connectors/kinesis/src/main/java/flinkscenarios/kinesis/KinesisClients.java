package flinkscenarios.kinesis;

import java.time.Duration;
import software.amazon.awssdk.core.SdkSystemSetting;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpConfigurationOption;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.DefaultRetryStrategy;
import software.amazon.awssdk.services.kinesis.KinesisClient;
import software.amazon.awssdk.services.kinesis.KinesisClientBuilder;
import software.amazon.awssdk.utils.AttributeMap;

/** Makes the AWS SDK's clients. */
final class KinesisClients {

    private static final Duration CONNECTION_TIMEOUT = Duration.ofSeconds(10);

    private KinesisClients() {}

    /**
     * A client that does not try again: readers and writers do, at their own pace.
     *
     * @param readTimeout longest silence on a connection
     */
    static KinesisService service(AwsOptions options, int maxConnections, Duration readTimeout) {
        return new SdkKinesisService(client(options, maxConnections, readTimeout), options);
    }

    private static synchronized KinesisClient client(AwsOptions options, int maxConnections, Duration readTimeout) {
        ApacheHttpClient.Builder http =
                ApacheHttpClient.builder()
                        .maxConnections(maxConnections)
                        .connectionTimeout(CONNECTION_TIMEOUT)
                        .connectionAcquisitionTimeout(readTimeout)
                        .socketTimeout(readTimeout);
        AttributeMap trust =
                AttributeMap.builder()
                        .put(SdkHttpConfigurationOption.TRUST_ALL_CERTIFICATES, options.trustsAllCertificates())
                        .build();
        KinesisClientBuilder builder =
                KinesisClient.builder()
                        // As a builder: what is made by the client is closed with it.
                        .httpClientBuilder(
                                (SdkHttpClient.Builder<ApacheHttpClient.Builder>)
                                        defaults -> http.buildWithDefaults(trust.merge(defaults)))
                        .region(Region.of(options.region()))
                        .credentialsProvider(options.credentials().provider())
                        .overrideConfiguration(
                                ClientOverrideConfiguration.builder()
                                        .retryStrategy(DefaultRetryStrategy.doNotRetry())
                                        .build());
        options.endpoint().ifPresent(builder::endpointOverride);
        return options.emulated() ? withoutCbor(builder) : builder.build();
    }

    /** Emulators garble CBOR. A client looks at this setting of the whole process once, when it is made. */
    private static KinesisClient withoutCbor(KinesisClientBuilder builder) {
        String setting = SdkSystemSetting.CBOR_ENABLED.property();
        String before = System.getProperty(setting);
        System.setProperty(setting, "false");
        try {
            return builder.build();
        } finally {
            if (before == null) {
                System.clearProperty(setting);
            } else {
                System.setProperty(setting, before);
            }
        }
    }
}
