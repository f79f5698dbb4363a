package flinkscenarios.http;

import java.io.Serializable;

/** How long the parts of a request may take, in milliseconds. */
public final class Timeouts implements Serializable {

    /** Stands for no limit of the whole request. */
    static final int UNLIMITED = 0;

    private static final long serialVersionUID = 1L;

    private final int connectMillis;
    private final int leaseMillis;
    private final int silenceMillis;
    private final int totalMillis;

    private Timeouts(int connectMillis, int leaseMillis, int silenceMillis, int totalMillis) {
        this.connectMillis = connectMillis;
        this.leaseMillis = leaseMillis;
        this.silenceMillis = silenceMillis;
        this.totalMillis = totalMillis;
    }

    /**
     * Limits each part of a request, but not the whole: an answer may take as long as its bytes keep coming.
     *
     * @param connectMillis to establish a connection
     * @param leaseMillis to get a connection of the pool
     * @param silenceMillis from one packet of the answer to the next
     */
    public static Timeouts ofParts(int connectMillis, int leaseMillis, int silenceMillis) {
        return new Timeouts(connectMillis, leaseMillis, silenceMillis, UNLIMITED);
    }

    /** Limits the whole request, from its start to the last byte of the answer. */
    public static Timeouts ofWhole(int totalMillis) {
        return new Timeouts(totalMillis, totalMillis, totalMillis, totalMillis);
    }

    int connectMillis() {
        return connectMillis;
    }

    int leaseMillis() {
        return leaseMillis;
    }

    int silenceMillis() {
        return silenceMillis;
    }

    /** The limit of the whole request, or {@link #UNLIMITED}. */
    int totalMillis() {
        return totalMillis;
    }
}
