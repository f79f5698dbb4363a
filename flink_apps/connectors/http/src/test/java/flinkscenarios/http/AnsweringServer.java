package flinkscenarios.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A server on bare sockets: it can send what no library of HTTP would, and sees when the client ends a connection. */
final class AnsweringServer implements AutoCloseable {

    private static final Pattern LENGTH = Pattern.compile("Content-Length: (\\d+)");
    private static final byte[] HEAD = ascii("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");

    /** What follows on a request. */
    @FunctionalInterface
    private interface Reaction {

        /** Sends an answer, and returns whether the connection stays. */
        boolean to(Socket connection) throws IOException, InterruptedException;
    }

    private final ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Queue<Reaction> reactions = new ConcurrentLinkedQueue<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final AtomicInteger connections = new AtomicInteger();
    private final Semaphore received = new Semaphore(0);
    private final Semaphore ended = new Semaphore(0);

    AnsweringServer() throws IOException {
        threads.execute(this::accept);
    }

    URI uri(String pathAndQuery) {
        return URI.create("http://127.0.0.1:" + socket.getLocalPort() + pathAndQuery);
    }

    /** Answers the next request with a status; without such an instruction it is 200. */
    void answerWithStatus(int status) {
        reactions.add(connection -> send(connection, status));
    }

    /** Answers the next request with bytes that keep coming, far more slowly than their number needs. */
    void sendABodyThatNeverEnds() {
        reactions.add(
                connection -> {
                    connection.getOutputStream().write(HEAD);
                    while (true) {
                        connection.getOutputStream().write('{');
                        Thread.sleep(20);
                    }
                });
    }

    /** Answers the next request with the beginning of a body, and nothing more. */
    void sendABodyThatFallsSilent() {
        reactions.add(
                connection -> {
                    connection.getOutputStream().write(HEAD);
                    connection.getOutputStream().write('{');
                    return true;
                });
    }

    /** Answers the next request with the beginning of a body, and ends the connection. */
    void sendABodyThatIsCutShort() {
        reactions.add(
                connection -> {
                    connection.getOutputStream().write(HEAD);
                    return false;
                });
    }

    /** The requests so far, as text. */
    List<String> requests() {
        return requests;
    }

    int connections() {
        return connections.get();
    }

    /** Waits for one request more. */
    void awaitRequest() throws InterruptedException {
        received.acquire();
    }

    /** Waits until one connection more has ended. */
    void awaitEndOfConnection() throws InterruptedException {
        ended.acquire();
    }

    @Override
    public void close() throws IOException {
        socket.close();
        threads.shutdownNow();
    }

    private void accept() {
        try {
            while (true) {
                Socket connection = socket.accept();
                connections.incrementAndGet();
                threads.execute(() -> serve(connection));
            }
        } catch (IOException e) {
            // The server is closed.
        }
    }

    private void serve(Socket connection) {
        try (connection) {
            boolean stays = true;
            while (stays && read(connection.getInputStream())) {
                Reaction reaction = reactions.isEmpty() ? answered -> send(answered, 200) : reactions.remove();
                received.release();
                stays = reaction.to(connection);
            }
        } catch (IOException e) {
            // The client has ended the connection in the middle of an answer.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            ended.release();
        }
    }

    /** Reads a request; returns false at the end of the connection. */
    private boolean read(InputStream in) throws IOException {
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        while (!request.toString(StandardCharsets.US_ASCII).endsWith("\r\n\r\n")) {
            int next = in.read();
            if (next < 0) {
                return false;
            }
            request.write(next);
        }
        Matcher length = LENGTH.matcher(request.toString(StandardCharsets.US_ASCII));
        if (length.find()) {
            request.write(in.readNBytes(Integer.parseInt(length.group(1))));
        }
        requests.add(request.toString(StandardCharsets.US_ASCII));
        return true;
    }

    private static boolean send(Socket connection, int status) throws IOException {
        String body = status == 204 ? "" : "a\ntext";
        String length = status == 204 ? "" : "Content-Length: " + body.length() + "\r\n";
        connection.getOutputStream().write(ascii("HTTP/1.1 " + status + " Status\r\n" + length + "\r\n" + body));
        return true;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
