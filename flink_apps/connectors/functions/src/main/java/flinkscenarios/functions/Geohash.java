package flinkscenarios.functions;

import com.github.davidmoten.geo.GeoHash;
import javax.annotation.Nullable;
import org.apache.flink.table.functions.ScalarFunction;

/** {@code geohash(latitude, longitude, characters)} returns the cell of a place; NULL for a place that has none. */
public final class Geohash extends ScalarFunction {

    private static final long serialVersionUID = 1L;

    private static final double HIGHEST_LATITUDE = 90;

    /** Returns the geohash, of 1 to 12 characters, of a place in degrees. */
    @Nullable
    public String eval(@Nullable Double latitude, @Nullable Double longitude, int characters) {
        if (characters < 1 || characters > GeoHash.MAX_HASH_LENGTH) {
            throw new IllegalArgumentException(
                    String.format(
                            "a geohash must have 1 to %d characters (got %d); write for example 7, which is 150 m",
                            GeoHash.MAX_HASH_LENGTH, characters));
        }
        // Written so that NaN is refused, too: the library does not check its arguments.
        if (latitude == null || longitude == null || !(Math.abs(latitude) <= HIGHEST_LATITUDE)) {
            return null;
        }
        return Double.isFinite(longitude) ? GeoHash.encodeHash(latitude, longitude, characters) : null;
    }
}
