package flinkscenarios.replaysource;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteOrder;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.TimeUnit;
import org.apache.parquet.column.Dictionary;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.DateLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.DecimalLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimestampLogicalTypeAnnotation;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;

/**
 * Values of a Parquet column as texts: numbers as in JSON, times as epoch milliseconds. NaN, which stands for null in
 * files that pandas wrote, is an empty text.
 */
final class ParquetText {

    private static final long JULIAN_DAY_OF_1970 = 2_440_588;
    /** Up to here, a double has each integer. */
    private static final double EXACT = 1L << 53;

    private final PrimitiveTypeName physical;
    private final LogicalTypeAnnotation logical;
    private final ZoneId zone;

    /**
     * @param zone the time zone of timestamps that are not UTC
     */
    ParquetText(PrimitiveType type, ZoneId zone) {
        this.physical = type.getPrimitiveTypeName();
        this.logical = type.getLogicalTypeAnnotation();
        this.zone = zone;
    }

    /** The value of a dictionary. */
    String of(Dictionary values, int id) {
        switch (physical) {
            case INT32:
                return of((long) values.decodeToInt(id));
            case INT64:
                return of(values.decodeToLong(id));
            case FLOAT:
                return of(values.decodeToFloat(id));
            case DOUBLE:
                return of(values.decodeToDouble(id));
            case BOOLEAN:
                return Boolean.toString(values.decodeToBoolean(id));
            default:
                return of(values.decodeToBinary(id));
        }
    }

    String of(long value) {
        if (logical instanceof TimestampLogicalTypeAnnotation) {
            return Long.toString(millis(value, (TimestampLogicalTypeAnnotation) logical));
        }
        if (logical instanceof DateLogicalTypeAnnotation) {
            return LocalDate.ofEpochDay(value).toString();
        }
        if (logical instanceof DecimalLogicalTypeAnnotation) {
            return decimal(BigInteger.valueOf(value));
        }
        return Long.toString(value);
    }

    /** By its own digits: as a double, 0.3 would be 0.30000001192092896. */
    String of(float value) {
        return Float.isNaN(value) ? "" : isExact(value) ? exact(value) : Float.toString(value);
    }

    String of(double value) {
        return Double.isNaN(value) ? "" : isExact(value) ? exact(value) : Double.toString(value);
    }

    String of(Binary value) {
        if (physical == PrimitiveTypeName.INT96) {
            ByteBuffer time = value.toByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
            long nanosOfDay = time.getLong();
            long days = time.getInt() - JULIAN_DAY_OF_1970;
            return Long.toString(TimeUnit.DAYS.toMillis(days) + TimeUnit.NANOSECONDS.toMillis(nanosOfDay));
        }
        return logical instanceof DecimalLogicalTypeAnnotation
                ? decimal(new BigInteger(value.getBytes()))
                : value.toStringUsingUTF8();
    }

    private long millis(long value, TimestampLogicalTypeAnnotation type) {
        long millis;
        switch (type.getUnit()) {
            case MILLIS:
                millis = value;
                break;
            case MICROS:
                millis = Math.floorDiv(value, 1_000L);
                break;
            default:
                millis = Math.floorDiv(value, 1_000_000L);
        }
        if (type.isAdjustedToUTC() || zone.equals(ZoneOffset.UTC)) {
            return millis;
        }
        return LocalDateTime.ofInstant(Instant.ofEpochMilli(millis), ZoneOffset.UTC)
                .atZone(zone)
                .toInstant()
                .toEpochMilli();
    }

    private String decimal(BigInteger unscaled) {
        return new BigDecimal(unscaled, ((DecimalLogicalTypeAnnotation) logical).getScale()).toPlainString();
    }

    private static boolean isExact(double value) {
        return value == Math.rint(value) && Math.abs(value) <= EXACT;
    }

    /** Without an exponent, so that it can be told from a fraction. */
    private static String exact(double value) {
        return (long) value + ".0";
    }
}
