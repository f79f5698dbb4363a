package flinkscenarios.opensearch;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;

/** Converts a JSON document to a single line, as bulk requests need it. */
final class JsonLine {

    private static final JsonFactory JSON = new JsonFactory();

    private JsonLine() {}

    /**
     * Returns a document that is one line as it is, even if it is malformed: OpenSearch refuses it then. Otherwise
     * replaces its line breaks by blanks.
     *
     * @throws IOException the document has line breaks and is not JSON: without them its meaning might change
     */
    static byte[] of(byte[] document) throws IOException {
        int first = 0;
        while (first < document.length && !isBreak(document[first])) {
            first++;
        }
        if (first == document.length) {
            return document;
        }
        checkTokens(document);
        byte[] line = document.clone();
        for (int i = first; i < line.length; i++) {
            if (isBreak(line[i])) {
                line[i] = ' ';
            }
        }
        return line;
    }

    private static boolean isBreak(byte character) {
        return character == '\n' || character == '\r';
    }

    /** Checks all tokens: in valid JSON, line breaks are only between tokens, where a blank means the same. */
    private static void checkTokens(byte[] document) throws IOException {
        // As text: from bytes Jackson would also accept UTF-16, where a line break's byte may be half of a character.
        try (JsonParser parser = JSON.createParser(new String(document, StandardCharsets.UTF_8))) {
            while (parser.nextToken() != null) {
                parser.finishToken();
            }
        }
    }
}
