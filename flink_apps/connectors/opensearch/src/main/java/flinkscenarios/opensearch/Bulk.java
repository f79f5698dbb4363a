package flinkscenarios.opensearch;

import java.util.ArrayList;
import java.util.List;

/** The actions of one request: as many as the limits allow. An action that is larger than the limit is alone in one. */
final class Bulk {

    private final int maxActions;
    private final long maxBytes;
    private final List<BulkAction> actions = new ArrayList<>();
    private long bytes;

    Bulk(OpenSearchOptions options) {
        this.maxActions = options.maxActions();
        this.maxBytes = options.maxBytes();
    }

    /** Whether there is room for an action. */
    boolean takes(BulkAction action) {
        return actions.isEmpty() || actions.size() < maxActions && bytes + action.size() <= maxBytes;
    }

    void add(BulkAction action) {
        actions.add(action);
        bytes += action.size();
    }

    boolean isEmpty() {
        return actions.isEmpty();
    }

    /** Whether no other action fits. */
    boolean isFull() {
        return actions.size() >= maxActions || bytes >= maxBytes;
    }

    List<BulkAction> actions() {
        return actions;
    }

    long bytes() {
        return bytes;
    }
}
