package flinkscenarios.kinesis;

import java.io.Serializable;
import java.math.BigInteger;
import java.util.List;

/** A shard: its id, the shards that it was made of, and the range of hash keys that it has. */
final class Shard implements Serializable {

    private static final long serialVersionUID = 1L;

    private final String id;
    private final List<String> parents;
    private final BigInteger firstHashKey;
    private final BigInteger lastHashKey;

    /**
     * @param parents none, one after a split, or two after a merge
     * @param lastHashKey inclusive
     */
    Shard(String id, List<String> parents, BigInteger firstHashKey, BigInteger lastHashKey) {
        this.id = id;
        this.parents = List.copyOf(parents);
        this.firstHashKey = firstHashKey;
        this.lastHashKey = lastHashKey;
    }

    String id() {
        return id;
    }

    List<String> parents() {
        return parents;
    }

    BigInteger firstHashKey() {
        return firstHashKey;
    }

    BigInteger lastHashKey() {
        return lastHashKey;
    }

    /** Whether records with this hash key belong into the shard. */
    boolean takes(BigInteger hashKey) {
        return hashKey.compareTo(firstHashKey) >= 0 && hashKey.compareTo(lastHashKey) <= 0;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shard
                && id.equals(((Shard) other).id)
                && parents.equals(((Shard) other).parents)
                && firstHashKey.equals(((Shard) other).firstHashKey)
                && lastHashKey.equals(((Shard) other).lastHashKey);
    }

    @Override
    public int hashCode() {
        return id.hashCode();
    }

    @Override
    public String toString() {
        return parents.isEmpty() ? id : id + " of " + parents;
    }
}
