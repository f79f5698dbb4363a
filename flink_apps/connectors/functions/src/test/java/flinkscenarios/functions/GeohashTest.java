package flinkscenarios.functions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class GeohashTest {

    private final Geohash geohash = new Geohash();

    @Test
    void aPlaceHasTheCellsOfTheAtlas() {
        // Times Square, and the place that the inventor of geohashes gives as an example.
        assertEquals("dr5ru7v", geohash.eval(40.7580, -73.9855, 7));
        assertEquals("u4pruydqqvj", geohash.eval(57.64911, 10.40744, 11));
    }

    @Test
    void aLargerCellHoldsTheSmallerOne() {
        String cell = geohash.eval(40.7580, -73.9855, 12);
        for (int characters = 1; characters < 12; characters++) {
            assertEquals(cell.substring(0, characters), geohash.eval(40.7580, -73.9855, characters));
        }
    }

    @Test
    void whatIsNoPlaceHasNoCell() {
        assertNull(geohash.eval(null, -73.9, 7));
        assertNull(geohash.eval(40.7, null, 7));
        assertNull(geohash.eval(Double.NaN, -73.9, 7));
        assertNull(geohash.eval(40.7, Double.POSITIVE_INFINITY, 7));
        assertNull(geohash.eval(90.5, -73.9, 7));
    }

    @Test
    void aNumberOfCharactersThatNoGeohashHasIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> geohash.eval(40.7, -73.9, 0));
        assertThrows(IllegalArgumentException.class, () -> geohash.eval(40.7, -73.9, 13));
    }
}
