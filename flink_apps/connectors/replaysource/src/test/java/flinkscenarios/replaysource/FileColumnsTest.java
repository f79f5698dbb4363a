package flinkscenarios.replaysource;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FileColumnsTest {

    private static int[] indexes(String needed, String... names) throws MissingColumnsException {
        Map<String, String> otherNames = Map.of("VendorID", "vendor", "vendor_name", "vendor", "Start_Lon", "lon");
        List<String> all = needed.isEmpty() ? List.of() : Arrays.asList(needed.split(";"));
        return new FileColumns(List.of("vendor", "zone", "lon", "Start_Lon"), otherNames, all).in(List.of(names));
    }

    private static String refusal(String needed, String... names) {
        return assertThrows(MissingColumnsException.class, () -> indexes(needed, names)).getMessage();
    }

    @Test
    void aColumnIsFoundUnderAnyOfItsNamesWhateverTheirCase() throws MissingColumnsException {
        assertArrayEquals(new int[] {1, -1, -1, -1}, indexes("", "other", " vendorid "));
        assertArrayEquals(new int[] {0, 1, -1, -1}, indexes("", "VENDOR_NAME", "Zone"));
    }

    @Test
    void theTablesOwnNameGoesBeforeOthers() throws MissingColumnsException {
        assertArrayEquals(new int[] {1, -1, -1, -1}, indexes("", "VendorID", "vendor"));
    }

    @Test
    void aColumnOfTheFileMayBeTwoOfTheTable() throws MissingColumnsException {
        assertArrayEquals(new int[] {-1, -1, 0, 0}, indexes("", "Start_Lon"));
    }

    @Test
    void aNeededColumnMayHaveAnAlternative() throws MissingColumnsException {
        assertArrayEquals(new int[] {0, -1, 1, 1}, indexes("vendor;zone|lon", "vendor", "start_lon"));
    }

    @Test
    void aFileWithoutNeededColumnsIsRefusedWithThoseThatItHas() {
        assertEquals(
                "it must have the columns vendor, zone or lon (got a,b)", refusal("vendor;zone|lon", "a", "b"));
    }

    @Test
    void theNamesOfABinaryFileDoNotFillTheLog() {
        assertTrue(refusal("vendor", "x".repeat(100_000)).length() < 1_100);
    }
}
