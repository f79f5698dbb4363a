package flinkscenarios.kafkasecrets;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.kafka.common.config.ConfigData;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.provider.ConfigProvider;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;

/**
 * Provides a Kafka client's settings from AWS Secrets Manager. The reference <code>${provider:secret:key}</code> stands
 * for the text under this key in the JSON object of this secret.
 *
 * <p>The client resolves the reference when it is created. So no configuration, plan or checkpoint of a job contains
 * the value, and a job that restarts after a change of the password uses the new one.
 */
public final class SecretsManagerConfigProvider implements ConfigProvider {

    /** The parameter with the secrets' region; by default the one that the AWS SDK finds. */
    public static final String REGION = "region";

    private static final ObjectMapper JSON = new ObjectMapper();

    private SecretsManagerClient client;

    @Override
    public void configure(Map<String, ?> configs) {
        Object region = configs.get(REGION);
        client =
                region == null
                        ? SecretsManagerClient.create()
                        : SecretsManagerClient.builder().region(Region.of(region.toString())).build();
    }

    @Override
    public ConfigData get(String path) {
        return read(path, key -> true);
    }

    /** @throws ConfigException in one line, without a value: the secret, the rule, what is there, the fix */
    @Override
    public ConfigData get(String path, Set<String> keys) {
        ConfigData found = read(path, keys::contains);
        for (String key : keys) {
            if (!found.data().containsKey(key)) {
                // Otherwise the client would use the reference itself as the password.
                throw invalid(path, "have a text under '" + key + "'", "nothing", "add it to the secret");
            }
        }
        return found;
    }

    @Override
    public void close() {
        if (client != null) {
            client.close();
        }
    }

    private ConfigData read(String path, Predicate<String> wanted) {
        Map<String, String> found = new HashMap<>();
        object(path)
                .fields()
                .forEachRemaining(
                        field -> {
                            if (field.getValue().isTextual() && wanted.test(field.getKey())) {
                                found.put(field.getKey(), field.getValue().textValue());
                            }
                        });
        return new ConfigData(found);
    }

    private JsonNode object(String path) {
        JsonNode content = null;
        try {
            String text = client.getSecretValue(request -> request.secretId(path)).secretString();
            content = text == null ? null : JSON.readTree(text);
        } catch (SdkException e) {
            throw invalid(path, "be readable", e.getMessage(), "permit secretsmanager:GetSecretValue and kms:Decrypt");
        } catch (IOException e) {
            // Not as the cause: its message quotes the secret.
        }
        if (content == null || !content.isObject()) {
            throw invalid(path, "be a JSON object", "something else", "write {\"username\": …, \"password\": …}");
        }
        return content;
    }

    private static ConfigException invalid(String path, String rule, String got, String fix) {
        return new ConfigException(String.format("the secret '%s' must %s (got %s); %s", path, rule, got, fix));
    }
}
