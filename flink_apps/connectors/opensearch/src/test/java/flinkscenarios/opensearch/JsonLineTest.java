package flinkscenarios.opensearch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonLineTest {

    @ParameterizedTest
    @ValueSource(strings = {"", "{ \"a\": 1.10 }", "{\"a\":\"\\n\"}", "no json"})
    void oneLineIsLeftAsItIs(String document) throws IOException {
        byte[] bytes = document.getBytes(StandardCharsets.UTF_8);
        assertSame(bytes, JsonLine.of(bytes));
    }

    @Test
    void aBreakBetweenTokensBecomesABlank() throws IOException {
        byte[] document = "{\r\n\t\"a\":\n[1,\r2] ,\"ü\\n\": \"\\r\"\n}\n".getBytes(StandardCharsets.UTF_8);
        byte[] kept = document.clone();
        String line = new String(JsonLine.of(document), StandardCharsets.UTF_8);
        assertEquals("{  \t\"a\": [1, 2] ,\"ü\\n\": \"\\r\" } ", line);
        assertArrayEquals(kept, document);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"a\":\"\n\"}", "{\"a\n\":1}", "{\"a\":tr\nue}", "{\"a\":1 // one\n}", "a\n", "{\n"})
    void aBreakElsewhereMakesADocumentMalformed(String document) {
        assertThrows(IOException.class, () -> JsonLine.of(document.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void aByteOfALetterIsNoBreak() {
        // In UTF-16 the letter's bytes are 0A and 05.
        byte[] document = "{\"ਅ\":1}".getBytes(StandardCharsets.UTF_16BE);
        assertThrows(IOException.class, () -> JsonLine.of(document));
    }
}
