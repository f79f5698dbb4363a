package flinkscenarios.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AuthenticationTest {

    private static Map<String, String> headers(AuthenticationMethod method) {
        try (Authentication authentication = method.create()) {
            return authentication.headers("POST", URI.create("http://localhost/"), new byte[0]);
        }
    }

    @Test
    void basicAuthenticationSendsUserAndPasswordInUtf8() {
        assertEquals(
                Map.of("Authorization", "Basic d8O2cnRlcjphOmI="),
                headers(AuthenticationMethod.basic("wörter", "a:b")));
    }

    @Test
    void withoutAuthenticationNothingIsSent() {
        assertEquals(Map.of(), headers(AuthenticationMethod.none()));
    }
}
