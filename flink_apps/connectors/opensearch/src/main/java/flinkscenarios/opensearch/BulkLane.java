package flinkscenarios.opensearch;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.util.ExceptionUtils;
import org.apache.flink.util.function.ThrowingRunnable;

/**
 * Actions on their way to OpenSearch: one request under way, the next one being filled. So no action can overtake an
 * earlier one of its lane, however often that is tried.
 *
 * <p>Only the task's thread uses it; another one sends the request, and a mail tells the task that it is settled.
 */
final class BulkLane {

    private final BulkSender sender;
    private final Executor thread;
    private final MailboxExecutor mailbox;
    private final SinkMetrics metrics;
    private final int maxActions;
    private final long maxBytes;

    private List<BulkAction> next = new ArrayList<>();
    private long nextBytes;
    private boolean underWay;

    BulkLane(
            OpenSearchOptions options,
            BulkSender sender,
            Executor thread,
            MailboxExecutor mailbox,
            SinkMetrics metrics) {
        this.sender = sender;
        this.thread = thread;
        this.mailbox = mailbox;
        this.metrics = metrics;
        this.maxActions = options.maxActions();
        this.maxBytes = options.maxBytes();
    }

    /** Adds an action; where that makes the next request full, waits until it can be sent. */
    void add(BulkAction action) throws InterruptedException {
        next.add(action);
        nextBytes += action.size();
        // Whatever runs while this waits may have sent it.
        while (isFull() && !send()) {
            mailbox.yield();
        }
    }

    /** Sends what has come together, unless a request is under way; returns whether it has. */
    boolean send() {
        if (underWay || next.isEmpty()) {
            return false;
        }
        List<BulkAction> actions = next;
        metrics.sending(actions.size(), nextBytes);
        next = new ArrayList<>();
        nextBytes = 0;
        underWay = true;
        thread.execute(() -> settle(actions));
        return true;
    }

    /** Whether OpenSearch has answered for all actions. */
    boolean isIdle() {
        return !underWay && next.isEmpty();
    }

    private boolean isFull() {
        return next.size() >= maxActions || nextBytes >= maxBytes;
    }

    private void settle(List<BulkAction> actions) {
        long began = System.nanoTime();
        try {
            sender.send(actions);
            metrics.settledAfter(System.nanoTime() - began);
            tell(() -> underWay = false);
        } catch (Throwable e) { // In this thread nobody else would ever see it.
            tell(() -> ExceptionUtils.rethrowException(e));
        }
    }

    private void tell(ThrowingRunnable<Exception> mail) {
        try {
            mailbox.execute(mail, "an answer of OpenSearch");
        } catch (RejectedExecutionException e) {
            // The task has ended, and with it the interest in this request.
        }
    }
}
