package flinkscenarios.http;

import java.io.IOException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

/**
 * Sends requests in a thread of its own, one after the other, while the task goes on. How each ended is reported from
 * that thread: the task's mailbox takes it from there.
 */
public final class SenderThread implements AutoCloseable {

    /** Sends a request, with all its repetitions. */
    @FunctionalInterface
    public interface Request {
        void send() throws Exception;
    }

    private final ExecutorService thread;

    /** A sender whose thread has a name. */
    public SenderThread(String name) {
        thread =
                Executors.newSingleThreadExecutor(
                        work -> {
                            Thread created = new Thread(work, name);
                            created.setDaemon(true);
                            return created;
                        });
    }

    /**
     * Sends a request after those before it, and calls one of the two, unless the sender is closed meanwhile.
     *
     * @param onFailure also takes an error that is no exception, as the cause of one
     */
    public void submit(Request request, Runnable onComplete, Consumer<Exception> onFailure) {
        thread.execute(() -> run(request, onComplete, onFailure));
    }

    /** Interrupts the request under way, and waits for nothing. */
    @Override
    public void close() {
        thread.shutdownNow();
    }

    private static void run(Request request, Runnable onComplete, Consumer<Exception> onFailure) {
        try {
            send(request, onComplete, onFailure);
        } catch (RejectedExecutionException e) {
            // The mailbox is closed: the task has ended, and nobody waits for the request any more.
        }
    }

    private static void send(Request request, Runnable onComplete, Consumer<Exception> onFailure) {
        try {
            request.send();
        } catch (InterruptedException e) {
            return; // by close()
        } catch (Exception e) {
            onFailure.accept(e);
            return;
        } catch (Throwable e) { // In this thread nobody else would ever see it.
            onFailure.accept(new IOException("a request could not be sent: " + e, e));
            return;
        }
        onComplete.run();
    }
}
