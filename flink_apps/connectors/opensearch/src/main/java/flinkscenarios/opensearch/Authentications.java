package flinkscenarios.opensearch;

import flinkscenarios.authentication.Authentication;
import flinkscenarios.authentication.SigV4Authentication;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;

/** How the sink proves to OpenSearch who it is. */
final class Authentications {

    private Authentications() {}

    /** The way that the options choose. */
    static Authentication of(OpenSearchOptions options) {
        switch (options.authentication()) {
            case SIGV4:
                return SigV4Authentication.of(options.region(), options.signingService());
            case BASIC:
                String user = options.username() + ":" + options.password();
                String encoded = Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.UTF_8));
                return (method, uri, body) -> Map.of("Authorization", "Basic " + encoded);
            case NONE:
            default:
                return Authentication.NONE;
        }
    }
}
