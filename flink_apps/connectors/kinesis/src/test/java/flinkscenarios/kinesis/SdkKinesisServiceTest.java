package flinkscenarios.kinesis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The calls, against a server that has its answers from the tests. */
class SdkKinesisServiceTest {

    private final Deque<String> answers = new ArrayDeque<>();
    private final List<String> requests = new ArrayList<>();
    private int status = 200;
    private HttpServer server;
    private KinesisService service;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
        service = KinesisClients.service(options("http://127.0.0.1:" + server.getAddress().getPort()), 2, Duration.ofSeconds(5));
    }

    @AfterEach
    void stop() {
        service.close();
        server.stop(0);
    }

    private static AwsOptions options(String endpoint) {
        return AwsOptions.from(
                Configuration.fromMap(
                        Map.of(
                                "stream.arn", ModelJob.STREAM.toString(),
                                "aws.region", "us-east-1",
                                "aws.endpoint", endpoint,
                                "aws.credentials.provider", "BASIC",
                                "aws.credentials.basic.accesskeyid", "key",
                                "aws.credentials.basic.secretkey", "secret")));
    }

    private void answer(HttpExchange exchange) throws IOException {
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        requests.add(
                exchange.getRequestHeaders().getFirst("X-Amz-Target").replace("Kinesis_20131202.", "") + " " + body);
        byte[] answer = answers.remove().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/x-amz-json-1.1");
        exchange.sendResponseHeaders(status, answer.length);
        exchange.getResponseBody().write(answer);
        exchange.close();
    }

    private static String shard(String id, String... parents) {
        String parent = parents.length > 0 ? ", \"ParentShardId\": \"" + parents[0] + "\"" : "";
        String adjacent = parents.length > 1 ? ", \"AdjacentParentShardId\": \"" + parents[1] + "\"" : "";
        return String.format(
                "{\"ShardId\": \"%s\", \"HashKeyRange\": {\"StartingHashKey\": \"0\", \"EndingHashKey\": \"9\"}%s%s}",
                id, parent, adjacent);
    }

    @Test
    void shardsAreListedPageByPage() {
        answers.add("{\"NextToken\": \"more\", \"Shards\": [" + shard("a") + ", " + shard("b") + "]}");
        answers.add("{\"Shards\": [" + shard("c", "a") + ", " + shard("d", "a", "b") + "]}");
        List<Shard> shards = service.shards();
        assertEquals(
                List.of("a", "b", "c of [a]", "d of [a, b]"),
                shards.stream().map(Shard::toString).collect(Collectors.toList()));
        assertEquals(List.of("ListShards {\"StreamName\":\"trips\"}", "ListShards {\"NextToken\":\"more\"}"), requests);
    }

    @Test
    void anEmulatorGetsTheNameOfTheStreamAndNoSearchByTime() {
        answers.add("{\"ShardIterator\": \"i\"}");
        assertEquals("i", service.iterator("a", Position.since(java.time.Instant.ofEpochMilli(5))));
        assertEquals(
                "GetShardIterator {\"StreamName\":\"trips\",\"ShardId\":\"a\",\"ShardIteratorType\":\"TRIM_HORIZON\"}",
                requests.get(0));
    }

    @Test
    void thePageOfAClosedShardsEndHasNoNextOne() {
        answers.add("{\"Records\": [], \"MillisBehindLatest\": 7}");
        KinesisService.Page page = service.records("i", 100);
        assertNull(page.next());
        assertEquals(7, page.millisBehindLatest());
        assertEquals("GetRecords {\"ShardIterator\":\"i\",\"Limit\":100}", requests.get(0));
    }

    @ParameterizedTest
    @CsvSource({
        "400, ProvisionedThroughputExceededException, THROTTLED",
        "400, LimitExceededException, THROTTLED",
        "400, KMSThrottlingException, THROTTLED",
        "400, ThrottlingException, THROTTLED",
        "500, InternalFailure, UNAVAILABLE",
        "503, ServiceUnavailable, UNAVAILABLE",
        "400, ExpiredIteratorException, EXPIRED_ITERATOR",
        "400, InvalidArgumentException, NO_POSITION",
        "400, ResourceNotFoundException, NOT_FOUND",
        "400, AccessDeniedException, REFUSED",
        "400, KMSAccessDeniedException, REFUSED",
        "400, UnrecognizedClientException, REFUSED",
    })
    void eachFailureIsOfItsKindAndIsToldInOneLine(int code, String name, ServiceException.Kind kind) {
        status = code;
        answers.add("{\"__type\": \"" + name + "\", \"message\": \"two\\nlines\"}");
        ServiceException failure = assertThrows(ServiceException.class, () -> service.records("i", 1));
        assertEquals(kind, failure.kind());
        String start =
                "the job must be able to read the stream " + ModelJob.STREAM + " (got " + name + ": two lines)";
        assertEquals(start, failure.getMessage().substring(0, start.length()));
        assertFalse(failure.getMessage().contains("\n"));
        assertEquals(1, requests.size(), "calls");
    }

    @Test
    void aStreamThatDoesNotExistIsNamedWithWhatToDo() {
        status = 400;
        answers.add("{\"__type\": \"ResourceNotFoundException\", \"message\": \"Stream trips not found.\"}");
        assertEquals(
                "the job must be able to list the shards of the stream " + ModelJob.STREAM
                        + " (got ResourceNotFoundException: Stream trips not found.); create it, or name another one",
                assertThrows(ServiceException.class, () -> service.shards()).getMessage());
    }

    @Test
    void aServerThatIsNotThereMayComeBack() {
        server.stop(0);
        assertEquals(
                ServiceException.Kind.UNAVAILABLE,
                assertThrows(ServiceException.class, () -> service.shards()).kind());
    }

    @Test
    void theServiceItselfIsNeverTakenForAnEmulator() {
        assertTrue(options("http://localhost:4567").emulated());
        assertFalse(options("https://vpce-1.kinesis.us-east-1.vpce.amazonaws.com").emulated());
    }
}
