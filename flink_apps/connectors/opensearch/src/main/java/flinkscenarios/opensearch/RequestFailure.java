package flinkscenarios.opensearch;

import java.io.IOException;
import org.apache.http.HttpEntity;
import org.apache.http.HttpHost;
import org.apache.http.HttpResponse;
import org.apache.http.client.entity.GzipDecompressingEntity;
import org.apache.http.util.EntityUtils;

/** A request that OpenSearch did not take as a whole; the message is one line. */
final class RequestFailure extends IOException {

    private static final long serialVersionUID = 1L;
    private static final int LONGEST_TEXT = 300;

    private RequestFailure(String message) {
        super(message);
    }

    /** OpenSearch refused it with a status that repetition does not change. */
    static RequestFailure refused(HttpHost endpoint, int status, String text) {
        return new RequestFailure(
                String.format(
                        "OpenSearch at %s must accept bulk requests (got status %d: %s); %s",
                        endpoint.toURI(), status, text, fix(status)));
    }

    /** All attempts are used up, or the writer is being closed. */
    static RequestFailure exhausted(HttpHost endpoint, int attempts, String trouble) {
        return new RequestFailure(
                String.format(
                        "OpenSearch at %s must accept a bulk request within %d attempts (got %s);"
                                + " see the cluster's health and load, and whether it can be reached from here",
                        endpoint.toURI(), attempts, trouble));
    }

    /** The beginning of a response's body, in one line. */
    static String text(HttpResponse response) {
        try {
            HttpEntity entity = response.getEntity();
            if (entity == null) {
                return "";
            }
            boolean gzip = entity.getContentEncoding() != null;
            String text = EntityUtils.toString(gzip ? new GzipDecompressingEntity(entity) : entity);
            String line = text.replaceAll("\\s+", " ").strip();
            return line.substring(0, Math.min(line.length(), LONGEST_TEXT));
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static String fix(int status) {
        switch (status) {
            case 401:
            case 403:
                return "allow the job's role or user to write there, in the domain's access policy and its role"
                        + " mapping, and check 'authentication', 'region' and 'signing-service'";
            case 404:
                return "check that 'endpoint' is an OpenSearch cluster";
            case 413:
                return "lower 'bulk.max-size', or move to an instance type that takes larger requests";
            default:
                return "check 'endpoint', and that it is OpenSearch 1 or 2";
        }
    }
}
