package flinkscenarios.opensearch;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;

/** Documents that were refused, and are yet to be stored as rejected ones. */
final class Refusals {

    private final Deque<RejectedDocument> waiting = new ArrayDeque<>();
    private final Set<Object> blocked = new HashSet<>();

    void add(RejectedDocument rejected) {
        waiting.add(rejected);
        if (rejected.blocked() != null) {
            blocked.add(rejected.blocked().target());
        }
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    RejectedDocument first() {
        return waiting.element();
    }

    void removeFirst() {
        waiting.remove();
    }

    /** Takes note of a completed action: an action on the same document may not follow it any more. */
    void completed(BulkAction action) {
        blocked.remove(action.target());
    }

    /**
     * The action to try again instead of one that stores a rejected document: if only a block stood in its way, the
     * one that was refused. Any other action is itself the one.
     */
    BulkAction original(BulkAction action) {
        BulkAction refused = action.rejected() == null ? null : action.rejected().blocked();
        return refused != null && blocked.contains(refused.target()) ? refused : action;
    }
}
