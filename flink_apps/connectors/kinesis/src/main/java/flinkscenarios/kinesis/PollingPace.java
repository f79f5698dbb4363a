package flinkscenarios.kinesis;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;

/**
 * When a shard is called next, and for how much.
 *
 * <p>The service allows five calls and 2 MB a second for a shard, to all of its consumers together. So calls are at least
 * 200 ms apart, the more the more bytes came; and they ask for about 1 MB, which leaves most of the calls to others while
 * much is read. Emulators keep no limits, and there only the number of calls counts.
 */
final class PollingPace {

    private static final long SHORTEST_INTERVAL = TimeUnit.MILLISECONDS.toNanos(200);
    private static final double BYTES_PER_NANO = 2e6 / TimeUnit.SECONDS.toNanos(1);
    private static final double WANTED_BYTES = 1e6;
    private static final int FIRST_RECORDS = 1_000;
    private static final long FIRST_PAUSE = TimeUnit.MILLISECONDS.toNanos(200);
    private static final long LONGEST_PAUSE = TimeUnit.SECONDS.toNanos(10);

    private final int maxRecords;
    private final long emptyInterval;
    private final boolean limited;
    private final DoubleSupplier random;

    private double recordBytes;
    private int failures;

    /**
     * @param limited whether the service's limit of bytes is to be kept
     * @param random from 0 to 1
     */
    PollingPace(int maxRecords, Duration emptyInterval, boolean limited, DoubleSupplier random) {
        this.maxRecords = maxRecords;
        this.emptyInterval = emptyInterval.toNanos();
        this.limited = limited;
        this.random = random;
    }

    /** How many records to ask for. */
    int limit() {
        if (!limited) {
            return maxRecords;
        }
        double wanted = recordBytes == 0 ? FIRST_RECORDS : WANTED_BYTES / recordBytes;
        return (int) Math.max(1, Math.min(maxRecords, wanted));
    }

    /** The size of a record, as far as is known, in bytes. */
    double recordBytes() {
        return recordBytes;
    }

    /** Nanoseconds from the start of a call to that of the next one, after this many records came, and their bytes. */
    long afterRecords(int records, long bytes) {
        failures = 0;
        if (records == 0) {
            return emptyInterval;
        }
        double mean = (double) bytes / records;
        recordBytes = recordBytes == 0 ? mean : (recordBytes + mean) / 2;
        return limited ? Math.max(SHORTEST_INTERVAL, (long) (bytes / BYTES_PER_NANO)) : SHORTEST_INTERVAL;
    }

    /** Nanoseconds to the next call after one that failed: twice as long each time, up to 10 s, by chance half of it. */
    long afterFailure() {
        long most = Math.min(LONGEST_PAUSE, FIRST_PAUSE << Math.min(failures, 10));
        failures++;
        return (long) (most * (0.5 + random.getAsDouble() / 2));
    }

    /** How many calls in a row have failed. */
    int failures() {
        return failures;
    }
}
