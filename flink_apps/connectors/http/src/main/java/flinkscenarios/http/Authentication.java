package flinkscenarios.http;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;

/** Authenticates requests over HTTP. Thread-safe. */
@FunctionalInterface
public interface Authentication extends AutoCloseable {

    /** Adds nothing to a request, for servers that do not authenticate their clients. */
    Authentication NONE = (method, uri, body) -> Map.of();

    /** Sends a user name and a password. */
    static Authentication basic(String username, String password) {
        byte[] credentials = (username + ":" + password).getBytes(StandardCharsets.UTF_8);
        String header = "Basic " + Base64.getEncoder().encodeToString(credentials);
        return (method, uri, body) -> Map.of("Authorization", header);
    }

    /**
     * Returns the headers that authenticate a request.
     *
     * @param method of HTTP
     * @param uri as it is sent, query included
     * @param body as it is sent; empty where there is none
     */
    Map<String, String> headers(String method, URI uri, byte[] body);

    @Override
    default void close() {}
}
