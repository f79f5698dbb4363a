package flinkscenarios.replaysource;

import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;

/** Reads times from text: epoch milliseconds, or a date and a time of day, ISO-8601 or with a space between them. */
final class EpochMillis {

    /** The value of a time that is missing or cannot be read; it is before every other time. */
    static final long NONE = Long.MIN_VALUE;

    private static final DateTimeFormatter FORMAT =
            new DateTimeFormatterBuilder()
                    .append(DateTimeFormatter.ISO_LOCAL_DATE_TIME)
                    .optionalStart()
                    .appendOffsetId()
                    .optionalEnd()
                    .toFormatter();
    private static final int DATE_LENGTH = "2019-01-05".length();

    private EpochMillis() {}

    /**
     * Epoch milliseconds; {@link #NONE} when {@code text} is no time.
     *
     * @param zone the zone of a time without an offset
     */
    static long parse(String text, ZoneId zone) {
        try {
            return isDateTime(text) ? parseDateTime(text, zone) : Long.parseLong(text);
        } catch (DateTimeException | NumberFormatException e) {
            return NONE;
        }
    }

    private static boolean isDateTime(String text) {
        return text.length() > DATE_LENGTH && !Character.isDigit(text.charAt(DATE_LENGTH));
    }

    private static long parseDateTime(String text, ZoneId zone) {
        TemporalAccessor time = FORMAT.parse(text.replace(' ', 'T'));
        // Asked first: to try one and then the other would cost an exception for each time without an offset.
        ZoneId itsOwn = time.isSupported(ChronoField.OFFSET_SECONDS) ? ZoneOffset.from(time) : zone;
        return LocalDateTime.from(time).atZone(itsOwn).toInstant().toEpochMilli();
    }
}
