package flinkscenarios.prometheus;

import flinkscenarios.authentication.Authentication;
import flinkscenarios.authentication.SigV4Authentication;

/** How the sink proves to Prometheus who it is. */
final class Authentications {

    /** What a signature names as service: Amazon Managed Service for Prometheus. */
    private static final String SERVICE = "aps";

    private Authentications() {}

    /** The way that the options choose. */
    static Authentication of(PrometheusOptions options) {
        return options.authentication() == PrometheusOptions.AuthenticationKind.NONE
                ? Authentication.NONE
                : SigV4Authentication.of(options.region(), SERVICE);
    }
}
