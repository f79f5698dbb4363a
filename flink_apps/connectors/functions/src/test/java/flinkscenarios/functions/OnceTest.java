package flinkscenarios.functions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;

class OnceTest {

    private final Once once = new Once();

    @Test
    void theValueIsGivenAsItIs() {
        assertEquals("not JSON", once.eval("not JSON"));
        assertNull(once.eval(null));
    }

    @Test
    void thePlannerMayNotWriteItIntoSeveralPlaces() {
        assertFalse(once.isDeterministic());
    }
}
