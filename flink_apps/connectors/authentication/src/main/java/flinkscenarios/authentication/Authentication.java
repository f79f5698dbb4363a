package flinkscenarios.authentication;

import java.net.URI;
import java.util.Map;

/** Proves to a server who sends a request over HTTP. */
@FunctionalInterface
public interface Authentication extends AutoCloseable {

    /** For servers that ask nobody. */
    Authentication NONE = (method, uri, body) -> Map.of();

    /**
     * The headers that prove it.
     *
     * @param method of HTTP
     * @param uri as it is sent, query included
     * @param body as it is sent; empty where there is none
     */
    Map<String, String> headers(String method, URI uri, byte[] body);

    @Override
    default void close() {}
}
