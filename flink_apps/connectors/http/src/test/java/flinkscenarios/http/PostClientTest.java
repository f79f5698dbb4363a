package flinkscenarios.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class PostClientTest {

    private static final byte[] BODY = "body".getBytes(StandardCharsets.UTF_8);

    /** Above what a pool holds for one address: each connection that is not freed would be missed. */
    private static final int REQUESTS = 5;

    private AnsweringServer server;

    @BeforeEach
    void start() throws IOException {
        server = new AnsweringServer();
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    private PostClient client(Timeouts timeouts, Authentication authentication) {
        return new PostClient(server.uri("/a//b%2Fc?x=1%2F2&y=%2A"), timeouts, Map.of("A", "b"), authentication);
    }

    private PostClient client(Timeouts timeouts) {
        return client(timeouts, Authentication.NONE);
    }

    private static String failure(PostClient client) {
        return assertThrows(RetryableException.class, () -> client.post(BODY)).getMessage();
    }

    @Test
    void theAddressTheHeadersAndTheBodyArriveAsTheyAre() throws Exception {
        try (PostClient client = client(Timeouts.ofWhole(10_000))) {
            client.post(BODY);
        }
        String request = server.requests().get(0);
        assertTrue(request.startsWith("POST /a//b%2Fc?x=1%2F2&y=%2A HTTP/1.1\r\n"), request);
        assertTrue(request.contains("\r\nA: b\r\n"), request);
        assertTrue(request.endsWith("\r\n\r\nbody"), request);
    }

    @Test
    void whatIsAuthenticatedIsTheAddressAndTheBody() throws Exception {
        BlockingQueue<Object> signed = new ArrayBlockingQueue<>(3);
        Authentication authentication =
                (method, uri, body) -> {
                    signed.addAll(List.of(method, uri, body));
                    return Map.of("Authorization", "signed");
                };
        try (PostClient client = client(Timeouts.ofWhole(10_000), authentication)) {
            client.post(BODY);
        }
        assertEquals("POST", signed.take());
        assertEquals(server.uri("/a//b%2Fc?x=1%2F2&y=%2A"), signed.take());
        assertArrayEquals(BODY, (byte[]) signed.take());
        assertTrue(server.requests().get(0).contains("\r\nAuthorization: signed\r\n"));
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 204, 302, 400, 403, 404, 413})
    void anAnswerIsReturnedUnlessItIsRetryable(int status) throws Exception {
        server.answerWithStatus(status);
        try (PostClient client = client(Timeouts.ofWhole(10_000))) {
            Answer answer = client.post(BODY);
            assertEquals(status, answer.status());
            assertEquals(status < 300, answer.isSuccess());
            assertEquals(status == 204 ? "status 204" : "status " + status + ": a text", answer.toString());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {408, 429, 500, 502, 503, 504})
    void aStatusOfAServerThatIsBusyIsRetryable(int status) {
        server.answerWithStatus(status);
        try (PostClient client = client(Timeouts.ofWhole(10_000))) {
            assertEquals("status " + status + ": a text", failure(client));
        }
    }

    @Test
    void aConnectionServesManyRequests() throws Exception {
        try (PostClient client = client(Timeouts.ofWhole(10_000))) {
            for (int i = 0; i < REQUESTS; i++) {
                client.post(BODY);
            }
        }
        assertEquals(REQUESTS, server.requests().size());
        assertEquals(1, server.connections());
    }

    @Test
    void aBodyThatNeverEndsIsAbortedInTimeAndItsConnectionFreed() throws Exception {
        try (PostClient client = client(Timeouts.ofWhole(200))) {
            for (int i = 0; i < REQUESTS; i++) {
                server.sendABodyThatNeverEnds();
                assertEquals("java.net.SocketTimeoutException: no answer within 200 ms", failure(client));
                server.awaitEndOfConnection();
            }
            client.post(BODY);
        }
    }

    @Test
    void aBodyThatFallsSilentIsAbortedInTimeAndItsConnectionFreed() throws Exception {
        try (PostClient client = client(Timeouts.ofParts(10_000, 10_000, 200))) {
            for (int i = 0; i < REQUESTS; i++) {
                server.sendABodyThatFallsSilent();
                assertEquals("java.net.SocketTimeoutException: Read timed out", failure(client));
                server.awaitEndOfConnection();
            }
            client.post(BODY);
        }
    }

    @Test
    void aBodyThatIsCutShortIsRetryable() throws Exception {
        server.sendABodyThatIsCutShort();
        try (PostClient client = client(Timeouts.ofWhole(10_000))) {
            assertTrue(failure(client).contains("Premature end"));
            client.post(BODY);
        }
    }

    @Test
    void aServerThatIsNotThereIsRetryable() throws Exception {
        server.close();
        try (PostClient client = client(Timeouts.ofWhole(10_000))) {
            assertTrue(failure(client).contains("Connection refused"));
        }
    }

    @Test
    void credentialsThatAreNotThereAreRetryable() {
        Authentication authentication =
                (method, uri, body) -> {
                    throw new IllegalStateException("no credentials");
                };
        try (PostClient client = client(Timeouts.ofWhole(10_000), authentication)) {
            assertEquals("java.lang.IllegalStateException: no credentials", failure(client));
        }
    }

    @Test
    void closingAbortsTheRequestUnderWayAndFreesItsConnection() throws Exception {
        server.sendABodyThatFallsSilent();
        BlockingQueue<Exception> ends = new ArrayBlockingQueue<>(1);
        SenderThread thread = new SenderThread("sender");
        PostClient client = client(Timeouts.ofParts(10_000, 10_000, 600_000));
        thread.submit(
                () -> {
                    try {
                        client.post(BODY);
                    } catch (Exception e) {
                        ends.add(e);
                    }
                },
                () -> {},
                e -> {});
        server.awaitRequest();
        thread.close();
        client.close();
        assertEquals(InterruptedException.class, ends.take().getClass());
        server.awaitEndOfConnection();
    }

    @Test
    void theAuthenticationIsClosedWithTheClient() {
        BlockingQueue<String> closed = new ArrayBlockingQueue<>(1);
        Authentication authentication =
                new Authentication() {
                    @Override
                    public Map<String, String> headers(String method, URI uri, byte[] body) {
                        return Map.of();
                    }

                    @Override
                    public void close() {
                        closed.add("closed");
                    }
                };
        client(Timeouts.ofWhole(10_000), authentication).close();
        assertEquals(1, closed.size());
    }
}
