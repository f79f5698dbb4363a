package flinkscenarios.http;

import java.io.Serializable;

/** How a client authenticates. It is serializable, unlike the authentication itself, for a job's plan has it. */
@FunctionalInterface
public interface AuthenticationMethod extends Serializable {

    /** Creates the authentication, in the process that sends the requests. */
    Authentication create();

    /** Signs requests with the credentials that the process finds: see {@link SigV4Authentication#of}. */
    static AuthenticationMethod sigV4(String region, String service) {
        return () -> SigV4Authentication.of(region, service);
    }

    /** Sends a user name and a password. */
    static AuthenticationMethod basic(String username, String password) {
        return () -> Authentication.basic(username, password);
    }

    /** Does not authenticate. */
    static AuthenticationMethod none() {
        return () -> Authentication.NONE;
    }
}
