package flinkscenarios.prometheus;

import static flinkscenarios.prometheus.WriteServer.CUT;
import static flinkscenarios.prometheus.WriteServer.CUT_SHORT;
import static flinkscenarios.prometheus.WriteServer.NEVER;
import static flinkscenarios.prometheus.WriteServer.NEVER_ALL;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.Headers;
import flinkscenarios.http.Authentication;
import flinkscenarios.http.PostClient;
import flinkscenarios.http.RequestFailure;
import flinkscenarios.http.RetryPolicy;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real requests; only the pauses between them take no time. */
@Timeout(30)
class RemoteWriteSenderTest {

    private static final List<String> SENT = List.of("{__name__=\"m\"} 1.0 @1", "{__name__=\"m\"} 2.0 @2");

    /** The first place in which the AWS SDK looks for credentials. */
    private static final Map<String, String> CREDENTIALS =
            Map.of("aws.accessKeyId", "id", "aws.secretAccessKey", "secret", "aws.sessionToken", "token");

    private final Counters counters = new Counters();
    private final Map<String, String> options = new HashMap<>();
    private final List<Long> pauses = new ArrayList<>();
    private Authentication authentication = Authentication.NONE;
    private WriteServer server;

    @BeforeEach
    void start() throws IOException {
        server = new WriteServer();
        options.put("metric.endpoint-url", server.url());
        options.put("authentication", "none");
        options.put("max-retry-count", "3");
    }

    @AfterEach
    void stop() {
        server.close();
        CREDENTIALS.keySet().forEach(System::clearProperty);
    }

    private void send() throws IOException, InterruptedException {
        send(1);
    }

    private void send(int times) throws IOException, InterruptedException {
        byte[] series = SeriesLabels.encode("m".getBytes(StandardCharsets.UTF_8), null, NameValidation.LEGACY);
        sender(
                sender -> {
                    for (int i = 0; i < times; i++) {
                        sender.send(List.of(new Sample(series, 1, 1), new Sample(series, 2, 2)));
                    }
                });
    }

    /** What a sender is to do. */
    @FunctionalInterface
    private interface Work {
        void with(RemoteWriteSender sender) throws IOException, InterruptedException;
    }

    private void sender(Work work) throws IOException, InterruptedException {
        PrometheusOptions read = PrometheusOptions.from(Configuration.fromMap(options));
        RetryPolicy longest =
                new RetryPolicy(
                        read.maxRetryCount(),
                        read.initialRetryDelayMillis(),
                        read.maxRetryDelayMillis(),
                        below -> below - 1,
                        pauses::add);
        SinkMetrics metrics = new SinkMetrics(counters, read.metricGroup());
        try (PostClient client = RemoteWrite.client(read, authentication)) {
            work.with(new RemoteWriteSender(read, client, metrics, longest));
        }
    }

    private String counted() {
        return counters.nonZero().replace("kinesisanalytics.", "");
    }

    @Test
    void theMetricsHaveTheirNamesInTheGroupThatIsShown() throws Exception {
        send();
        assertEquals(
                Set.of(
                        "kinesisanalytics.numSamplesDropped",
                        "kinesisanalytics.numSamplesNonRetryableDropped",
                        "kinesisanalytics.numSamplesOut",
                        "kinesisanalytics.numSamplesRefusedPerhapsStored",
                        "kinesisanalytics.numSamplesRetryLimitDropped",
                        "kinesisanalytics.numWriteRequestsOut",
                        "kinesisanalytics.numWriteRequestsPermanentlyFailed",
                        "kinesisanalytics.numWriteRequestsRetries"),
                counters.names());
    }

    @ParameterizedTest
    @ValueSource(strings = {"200", "204", "200 {\"ok\":true}"})
    void whatIsTakenIsCounted(String answer) throws Exception {
        server.answer(answer);
        send();
        assertEquals(List.of(SENT), server.requests());
        assertEquals("numSamplesOut=2 numWriteRequestsOut=1", counted());
    }

    @Test
    void aRequestHasTheHeadersOfRemoteWriteAndOfItsAuthentication() throws Exception {
        authentication = (method, uri, body) -> Map.of("Authorization", "of " + WriteRequests.read(body).size());
        options.put("http-user-agent", "taxi/1");
        send();
        Headers headers = server.headers().get(0);
        assertEquals("snappy", headers.getFirst("Content-Encoding"));
        assertEquals("application/x-protobuf", headers.getFirst("Content-Type"));
        assertEquals("0.1.0", headers.getFirst("X-Prometheus-Remote-Write-Version"));
        assertEquals("taxi/1", headers.getFirst("User-Agent"));
        assertEquals("of 2", headers.getFirst("Authorization"));
    }

    @Test
    void aSignedRequestArrivesAsItWasSigned() throws Exception {
        options.put("authentication", "sigv4");
        options.put("region", "eu-central-1");
        CREDENTIALS.forEach(System::setProperty);
        Map<String, String> signed = new HashMap<>();
        PrometheusOptions read = PrometheusOptions.from(Configuration.fromMap(options));
        try (Authentication signing = read.authentication().create()) {
            authentication =
                    (method, uri, body) -> {
                        signed.putAll(signing.headers(method, uri, body));
                        return signed;
                    };
            send();
        }
        Headers arrived = server.headers().get(0);
        assertEquals(
                Set.of("Authorization", "Host", "X-Amz-Date", "X-Amz-Security-Token", "x-amz-content-sha256"),
                signed.keySet());
        signed.forEach((name, value) -> assertEquals(value, arrived.getFirst(name)));
        assertEquals(URI.create(server.url()).getAuthority(), signed.get("Host"));
        assertTrue(signed.get("Authorization").contains("/eu-central-1/aps/aws4_request"));
    }

    @Test
    void aConnectionServesManyRequests() throws Exception {
        send(5);
        assertEquals(5, server.requests().size());
        assertEquals(1, server.connections());
    }

    @ParameterizedTest
    @ValueSource(strings = {"408", "429 slow down", "500", "502", "503 busy", "504", CUT, CUT_SHORT})
    void whatMayPassIsRepeatedInItsPlace(String answer) throws Exception {
        server.answer(answer, answer);
        send();
        assertEquals(List.of(SENT, SENT, SENT), server.requests());
        assertEquals(List.of(30L, 60L), pauses);
        assertEquals("numSamplesOut=2 numWriteRequestsOut=1 numWriteRequestsRetries=2", counted());
    }

    @ParameterizedTest
    @ValueSource(strings = {NEVER, NEVER_ALL})
    void aServerThatIsTooSlowIsAskedAgain(String answer) throws Exception {
        options.put("socket-timeout-ms", "300");
        server.answer(answer);
        send();
        assertEquals(List.of(SENT, SENT), server.requests());
        assertEquals("numSamplesOut=2 numWriteRequestsOut=1 numWriteRequestsRetries=1", counted());
    }

    @Test
    void aServerThatIsNotThereIsAskedAgain() {
        server.close();
        RequestFailure failure = assertThrows(RequestFailure.class, this::send);
        assertEquals(List.of(30L, 60L, 120L), pauses);
        assertTrue(failure.getMessage().contains("ConnectException"), failure.getMessage());
    }

    @Test
    void credentialsThatCannotBeHadAreAskedForAgain() throws Exception {
        Iterator<String> turns = List.of("", "signed").iterator();
        authentication =
                (method, uri, body) -> {
                    String next = turns.next();
                    if (next.isEmpty()) {
                        throw new IllegalStateException("no credentials");
                    }
                    return Map.of("Authorization", next);
                };
        send();
        assertEquals("signed", server.headers().get(0).getFirst("Authorization"));
        assertEquals("numSamplesOut=2 numWriteRequestsOut=1 numWriteRequestsRetries=1", counted());
    }

    @Test
    void theJobFailsWhenTheRetriesAreUsedUp() {
        server.answer("503 first", "503", "503", "503 still\nbusy");
        RequestFailure failure = assertThrows(RequestFailure.class, this::send);
        assertEquals(
                "Prometheus at " + server.url() + " must accept a request within 4 attempts (got status 503: still"
                        + " busy); see its limits and load, and whether it can be reached from here",
                failure.getMessage());
        assertEquals("numWriteRequestsPermanentlyFailed=1 numWriteRequestsRetries=3", counted());
    }

    @Test
    void theSamplesAreDiscardedWhenTheRetriesAreUsedUpIfTheOptionsSaySo() throws Exception {
        options.put("on-max-retry-exceeded", "DISCARD_AND_CONTINUE");
        options.put("max-retry-count", "0");
        server.answer("503");
        send(2);
        assertEquals(List.of(SENT, SENT), server.requests());
        assertEquals(
                "numSamplesDropped=2 numSamplesOut=2 numSamplesRetryLimitDropped=2 numWriteRequestsOut=1"
                        + " numWriteRequestsPermanentlyFailed=1",
                counted());
    }

    private void send(String... names) throws IOException, InterruptedException {
        List<Sample> samples = new ArrayList<>();
        for (String name : names) {
            byte[] series = SeriesLabels.encode(name.getBytes(StandardCharsets.UTF_8), null, NameValidation.LEGACY);
            samples.add(new Sample(series, 1, 1));
        }
        sender(sender -> sender.send(samples));
    }

    @Test
    void onlyTheSamplesThatARefusalIsAboutAreDiscarded() throws Exception {
        server.refuse("b");
        send("a", "b", "c", "d", "e");
        assertEquals(List.of("a b c d e", "a b", "a", "b", "c d e"), server.names());
        assertEquals(
                "numSamplesDropped=1 numSamplesNonRetryableDropped=1 numSamplesOut=4 numWriteRequestsOut=2"
                        + " numWriteRequestsPermanentlyFailed=1",
                counted());
    }

    @Test
    void whatIsRepeatedInAPartOfARefusedRequestIsRepeatedInItsPlace() throws Exception {
        server.answer("400", "503");
        send("a", "b");
        assertEquals(List.of("a b", "a", "a", "b"), server.names());
    }

    @Test
    void aRequestThatIsTooLargeIsSplitWhateverTheOptionsSay() throws Exception {
        options.put("split-refused-requests", "false");
        server.answer("413");
        send("a", "b");
        assertEquals(List.of("a b", "a", "b"), server.names());
        assertEquals("numSamplesOut=2 numWriteRequestsOut=2", counted());
    }

    @Test
    void ofMoreBadSamplesThanRequestsMayBeSentPartsAreDiscardedAndTheGoodEndIsKept() throws Exception {
        server.refuse("b");
        String[] names = new String[600];
        Arrays.fill(names, 0, 300, "b");
        Arrays.fill(names, 300, 600, "a");
        send(names);
        assertTrue(server.requests().size() <= 100, server.requests().size() + " requests");
        assertEquals("a ".repeat(300).trim(), server.names().get(server.names().size() - 1));
        assertTrue(counted().startsWith("numSamplesDropped=300 numSamplesNonRetryableDropped=300 numSamplesOut=300"));
    }

    @Test
    void everyBadSampleOfASmallRequestIsFound() throws Exception {
        server.refuse("b");
        String[] names = new String[50];
        for (int i = 0; i < names.length; i++) {
            names[i] = i % 2 == 0 ? "a" : "b";
        }
        send(names);
        assertTrue(counted().startsWith("numSamplesDropped=25 numSamplesNonRetryableDropped=25 numSamplesOut=25"));
    }

    @Test
    void aSignedRequestIsNotSplitUnlessTheOptionsSaySo() throws Exception {
        options.put("authentication", "sigv4");
        options.put("region", "eu-central-1");
        server.refuse("b");
        send("a", "b");
        assertEquals(List.of("a b"), server.names());
        options.put("split-refused-requests", "true");
        send("a", "b");
        assertEquals(List.of("a b", "a b", "a", "b"), server.names());
    }

    @ParameterizedTest
    @ValueSource(strings = {"400 out of order sample", "409", "422"})
    void aRefusedRequestThatIsNotSplitIsPerhapsStoredAndNotRepeated(String answer) throws Exception {
        options.put("split-refused-requests", "false");
        server.answer(answer);
        send(2);
        assertEquals(List.of(SENT, SENT), server.requests());
        assertEquals(
                "numSamplesOut=2 numSamplesRefusedPerhapsStored=2 numWriteRequestsOut=1"
                        + " numWriteRequestsPermanentlyFailed=1",
                counted());
    }

    @ParameterizedTest
    @ValueSource(strings = {"400", "413", "422"})
    void aRefusedRequestOfOneSampleHasStoredNothing(String answer) throws Exception {
        options.put("split-refused-requests", "false");
        server.answer(answer);
        send("a");
        assertEquals(
                "numSamplesDropped=1 numSamplesNonRetryableDropped=1 numWriteRequestsPermanentlyFailed=1", counted());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"401 who", "403 not authorized", "404 no such workspace", "405", "407", "415", "302 elsewhere"})
    void theJobFailsAtOnceWhereNoRequestGetsThrough(String answer) {
        server.answer(answer);
        RequestFailure failure = assertThrows(RequestFailure.class, this::send);
        String start =
                "Prometheus at " + server.url() + " must accept remote write requests (got status "
                        + answer.replaceFirst(" ", ": ") + "); ";
        assertEquals(start, failure.getMessage().substring(0, start.length()));
        assertEquals(Collections.emptyList(), pauses);
        assertEquals("numWriteRequestsPermanentlyFailed=1", counted());
    }

    @Test
    void aLongAnswerIsCutInTheMessage() {
        server.answer("403 " + "x\n".repeat(5000));
        String message = assertThrows(RequestFailure.class, this::send).getMessage();
        assertTrue(message.length() < 600, message);
        assertFalse(message.contains("\n"));
    }
}
