package flinkscenarios.kafkasecrets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.SaslConfigs;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Against a server that answers as AWS Secrets Manager does, whatever it is asked. */
class SecretsManagerConfigProviderTest {

    private static final Map<String, String> SDK =
            Map.of("aws.accessKeyId", "id", "aws.secretAccessKey", "key", "aws.endpointUrlSecretsManager", "");
    private static final String SECRET = "AmazonMSK_prices";

    private final SecretsManagerConfigProvider provider = new SecretsManagerConfigProvider();
    private HttpServer server;
    private int status = 200;
    private String answer = secret("{\\\"username\\\": \\\"flink\\\", \\\"password\\\": \\\"pass\\\", \\\"port\\\": 1}");
    private String asked = "";

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext(
                "/",
                exchange -> {
                    asked = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
                    byte[] body = answer.getBytes(StandardCharsets.UTF_8);
                    exchange.sendResponseHeaders(status, body.length);
                    exchange.getResponseBody().write(body);
                    exchange.close();
                });
        server.start();
        SDK.forEach(System::setProperty);
        System.setProperty(
                "aws.endpointUrlSecretsManager", "http://127.0.0.1:" + server.getAddress().getPort());
        provider.configure(Map.of(SecretsManagerConfigProvider.REGION, "eu-west-1"));
    }

    @AfterEach
    void stop() {
        provider.close();
        server.stop(0);
        SDK.keySet().forEach(System::clearProperty);
    }

    @Test
    void theKeysThatAreAskedForAreReadFromTheSecretOfThisName() {
        assertEquals(Map.of("username", "flink"), provider.get(SECRET, Set.of("username")).data());
        assertEquals("{\"SecretId\":\"AmazonMSK_prices\"}", asked);
    }

    @Test
    void withoutKeysEveryTextOfTheSecretIsGiven() {
        assertEquals(Map.of("username", "flink", "password", "pass"), provider.get(SECRET).data());
    }

    @Test
    void aProducerGetsThePasswordThatItsSettingsOnlyReferTo() {
        ProducerConfig config =
                new ProducerConfig(
                        Map.of(
                                "bootstrap.servers", "localhost:9096",
                                "key.serializer", ByteArraySerializer.class,
                                "value.serializer", ByteArraySerializer.class,
                                "sasl.jaas.config", "Module required password=\"${secrets-manager:a_b:password}\";",
                                "config.providers", "secrets-manager",
                                "config.providers.secrets-manager.class",
                                        SecretsManagerConfigProvider.class.getName(),
                                "config.providers.secrets-manager.param.region", "eu-west-1"));
        assertEquals(
                "Module required password=\"pass\";", config.getPassword(SaslConfigs.SASL_JAAS_CONFIG).value());
    }

    @Test
    void aKeyThatTheSecretLacksIsNamed() {
        ConfigException error =
                assertThrows(ConfigException.class, () -> provider.get(SECRET, Set.of("username", "port")));
        assertEquals(
                "the secret 'AmazonMSK_prices' must have a text under 'port' (got nothing); add it to the secret",
                error.getMessage());
    }

    @Test
    void aSecretThatIsNoJsonObjectIsRefusedAndNotQuoted() {
        for (String content : List.of("pass", "[\\\"pass\\\"]", "")) {
            answer = secret(content);
            ConfigException error = assertThrows(ConfigException.class, () -> provider.get(SECRET));
            assertTrue(error.getMessage().contains("must be a JSON object"), error.getMessage());
            assertFalse(error.toString().contains("pass\""), error.getMessage());
            assertEquals(null, error.getCause());
        }
    }

    @Test
    void aRefusalOfTheServiceSaysWhatToPermit() {
        status = 400;
        answer = "{\"__type\": \"AccessDeniedException\", \"Message\": \"not authorized\"}";
        ConfigException error = assertThrows(ConfigException.class, () -> provider.get(SECRET));
        assertTrue(
                error.getMessage().startsWith("the secret 'AmazonMSK_prices' must be readable (got not authorized"),
                error.getMessage());
        assertTrue(error.getMessage().endsWith("; permit secretsmanager:GetSecretValue and kms:Decrypt"));
    }

    private static String secret(String content) {
        return "{\"Name\": \"AmazonMSK_prices\", \"SecretString\": \"" + content + "\"}";
    }
}
