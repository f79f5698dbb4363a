package flinkscenarios.kinesis;

import static flinkscenarios.options.OptionChecks.address;
import static flinkscenarios.options.OptionChecks.oneOf;
import static flinkscenarios.options.OptionChecks.required;

import java.io.Serializable;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import javax.annotation.Nullable;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider;
import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.auth.credentials.SystemPropertyCredentialsProvider;
import software.amazon.awssdk.auth.credentials.WebIdentityTokenFileCredentialsProvider;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.profiles.ProfileFile;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.StsClientBuilder;
import software.amazon.awssdk.services.sts.auth.StsAssumeRoleCredentialsProvider;

/** Where a table's AWS credentials come from: the options {@code aws.credentials.…}, and their rules. */
final class AwsCredentials implements Serializable {

    private static final long serialVersionUID = 1L;

    /** The kinds of providers, with the names that the official connector gives them. */
    enum Kind {
        AUTO,
        BASIC,
        ENV_VAR,
        SYS_PROP,
        PROFILE,
        ASSUME_ROLE,
        WEB_IDENTITY_TOKEN
    }

    static final ConfigOption<String> PROVIDER =
            ConfigOptions.key("aws.credentials.provider")
                    .stringType()
                    .defaultValue(Kind.AUTO.toString())
                    .withDescription("Where credentials come from: AUTO looks where every AWS SDK looks.");

    static final ConfigOption<String> ACCESS_KEY = text("basic.accesskeyid", "Access key, for BASIC.");
    static final ConfigOption<String> SECRET_KEY = text("basic.secretkey", "Secret key, for BASIC.");
    static final ConfigOption<String> PROFILE_PATH = text("profile.path", "File with profiles, for PROFILE.");
    static final ConfigOption<String> PROFILE_NAME = text("profile.name", "Name of the profile, for PROFILE.");
    static final ConfigOption<String> ROLE_ARN = text("role.arn", "Role to assume, for ASSUME_ROLE.");
    static final ConfigOption<String> SESSION_NAME = text("role.sessionName", "Name of the role's session.");
    static final ConfigOption<String> EXTERNAL_ID = text("role.externalId", "External id that the role wants.");
    static final ConfigOption<String> STS_ENDPOINT = text("role.stsEndpoint", "Address of STS, if not the region's.");
    static final ConfigOption<String> TOKEN_FILE = text("webIdentityToken.file", "File with a web identity token.");

    static final Set<ConfigOption<?>> OPTIONAL =
            Set.of(
                    PROVIDER,
                    ACCESS_KEY,
                    SECRET_KEY,
                    PROFILE_PATH,
                    PROFILE_NAME,
                    ROLE_ARN,
                    SESSION_NAME,
                    EXTERNAL_ID,
                    STS_ENDPOINT,
                    TOKEN_FILE);

    private final Kind kind;
    private final String region;
    private final Map<String, String> values;
    @Nullable private final URI stsEndpoint;

    private AwsCredentials(Kind kind, String region, Map<String, String> values, @Nullable URI stsEndpoint) {
        this.kind = kind;
        this.region = region;
        this.values = values;
        this.stsEndpoint = stsEndpoint;
    }

    static AwsCredentials from(ReadableConfig config, String region) {
        Kind kind = oneOf(config, PROVIDER, List.of(Kind.values()), "'AUTO', or leave it out");
        Map<String, String> values = new TreeMap<>();
        if (kind == Kind.BASIC) {
            values.put(ACCESS_KEY.key(), required(config, ACCESS_KEY, "the access key, or another provider than BASIC"));
            values.put(SECRET_KEY.key(), required(config, SECRET_KEY, "the secret key, or another provider than BASIC"));
        }
        if (kind == Kind.ASSUME_ROLE) {
            required(config, ROLE_ARN, "'arn:aws:iam::123456789012:role/reader'");
        }
        for (ConfigOption<String> option :
                List.of(PROFILE_PATH, PROFILE_NAME, ROLE_ARN, SESSION_NAME, EXTERNAL_ID, TOKEN_FILE)) {
            config.getOptional(option).ifPresent(value -> values.put(option.key(), value));
        }
        URI stsEndpoint =
                config.getOptional(STS_ENDPOINT).isPresent()
                        ? address(config, STS_ENDPOINT, "'https://sts." + region + ".amazonaws.com', or leave it out")
                        : null;
        return new AwsCredentials(kind, region, values, stsEndpoint);
    }

    /** A new provider, which the client that it is given to closes. */
    AwsCredentialsProvider provider() {
        switch (kind) {
            case BASIC:
                return StaticCredentialsProvider.create(
                        AwsBasicCredentials.create(value(ACCESS_KEY), value(SECRET_KEY)));
            case ENV_VAR:
                return EnvironmentVariableCredentialsProvider.create();
            case SYS_PROP:
                return SystemPropertyCredentialsProvider.create();
            case PROFILE:
                return profile();
            case ASSUME_ROLE:
                return role();
            case WEB_IDENTITY_TOKEN:
                String file = value(TOKEN_FILE);
                return WebIdentityTokenFileCredentialsProvider.builder()
                        .roleArn(value(ROLE_ARN))
                        .roleSessionName(value(SESSION_NAME))
                        .webIdentityTokenFile(file == null ? null : Path.of(file))
                        .build();
            default:
                return DefaultCredentialsProvider.builder().build();
        }
    }

    private AwsCredentialsProvider profile() {
        ProfileCredentialsProvider.Builder builder =
                ProfileCredentialsProvider.builder().profileName(value(PROFILE_NAME));
        String path = value(PROFILE_PATH);
        if (path != null) {
            builder.profileFile(
                    ProfileFile.builder().content(Path.of(path)).type(ProfileFile.Type.CREDENTIALS).build());
        }
        return builder.build();
    }

    private AwsCredentialsProvider role() {
        // Named, as the SDK refuses to choose where a job's jar has several HTTP clients.
        StsClientBuilder sts =
                StsClient.builder().region(Region.of(region)).httpClientBuilder(ApacheHttpClient.builder());
        if (stsEndpoint != null) {
            sts.endpointOverride(stsEndpoint);
        }
        String session = values.getOrDefault(SESSION_NAME.key(), "flink");
        return StsAssumeRoleCredentialsProvider.builder()
                .stsClient(sts.build())
                .refreshRequest(
                        request ->
                                request.roleArn(value(ROLE_ARN))
                                        .roleSessionName(session)
                                        .externalId(value(EXTERNAL_ID)))
                .build();
    }

    @Nullable
    private String value(ConfigOption<String> option) {
        return values.get(option.key());
    }

    private static ConfigOption<String> text(String name, String description) {
        return ConfigOptions.key("aws.credentials." + name)
                .stringType()
                .noDefaultValue()
                .withDescription(description);
    }
}
