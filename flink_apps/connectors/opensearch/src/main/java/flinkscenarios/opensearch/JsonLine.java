package flinkscenarios.opensearch;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;

/** A JSON document as one line: a bulk request takes no other. */
final class JsonLine {

    private static final JsonFactory JSON = new JsonFactory();

    private JsonLine() {}

    /**
     * The document itself where it is one line already, whatever it is: OpenSearch judges it. Otherwise the same with
     * blanks for its line breaks.
     *
     * @throws IOException the document has line breaks and is no JSON: without them it might be another one
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

    /** Where each token is one of JSON, breaks are between tokens, where a blank means the same. */
    private static void checkTokens(byte[] document) throws IOException {
        // As text: from bytes Jackson would also take UTF-16, where a byte of a break may be half of a letter.
        try (JsonParser parser = JSON.createParser(new String(document, StandardCharsets.UTF_8))) {
            while (parser.nextToken() != null) {
                parser.finishToken();
            }
        }
    }
}
