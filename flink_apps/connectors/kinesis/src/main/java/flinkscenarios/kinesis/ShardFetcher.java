package flinkscenarios.kinesis;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import javax.annotation.Nullable;

/**
 * Polls the shards of a reader, several at a time, and keeps what came until the reader takes it.
 *
 * <p>What waits is limited: a call is made only when its answer has room. So a task that cannot go on stops the calls,
 * and a reader of many shards has no more than some of their pages in memory.
 */
final class ShardFetcher implements AutoCloseable {

    private static final long NO_ROOM_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final PollThreads threads;
    private final Semaphore room;
    private final Object lock = new Object();

    private final Queue<Fetched> queue = new ArrayDeque<>();
    private CompletableFuture<Void> available = new CompletableFuture<>();
    @Nullable private Throwable failure;
    private volatile boolean closed;

    /** @param pages how many answers wait, or are awaited, at a time */
    ShardFetcher(PollThreads threads, int pages) {
        this.threads = threads;
        this.room = new Semaphore(pages);
    }

    void add(ShardPoller poller) {
        threads.run(() -> poll(poller), 0);
    }

    /**
     * What came first and has not been taken; null if there is nothing.
     *
     * @throws ServiceException that stopped a shard
     */
    @Nullable
    Fetched next() {
        Fetched next;
        synchronized (lock) {
            if (failure != null) {
                throw failure instanceof RuntimeException
                        ? (RuntimeException) failure
                        : new IllegalStateException(failure);
            }
            next = queue.poll();
            if (next == null) {
                if (available.isDone()) {
                    available = new CompletableFuture<>();
                }
                return null;
            }
        }
        room.release();
        return next;
    }

    /** Completes when there is something to take. */
    CompletableFuture<Void> available() {
        synchronized (lock) {
            return available;
        }
    }

    /** Has the reader look, though nothing has come. */
    void wakeUp() {
        CompletableFuture<Void> sleeping;
        synchronized (lock) {
            sleeping = available;
        }
        sleeping.complete(null);
    }

    /** Does not wait for the calls under way: they are of no interest any more. */
    @Override
    public void close() {
        closed = true;
        threads.close();
    }

    private void poll(ShardPoller poller) {
        if (poller.isPaused()) {
            threads.run(() -> poll(poller), PAUSE_NANOS);
            return;
        }
        if (!room.tryAcquire()) {
            threads.run(() -> poll(poller), NO_ROOM_NANOS);
            return;
        }
        long began = System.nanoTime();
        Fetched fetched;
        try {
            fetched = poller.poll();
        } catch (Throwable e) { // In this thread nobody else would ever see it.
            put(null, e);
            return;
        }
        if (fetched.isNothing()) {
            room.release();
        } else {
            put(fetched, null);
        }
        if (!fetched.ended()) {
            threads.run(() -> poll(poller), fetched.waitNanos() - (System.nanoTime() - began));
        }
    }

    private void put(@Nullable Fetched fetched, @Nullable Throwable problem) {
        synchronized (lock) {
            if (fetched != null) {
                queue.add(fetched);
            }
            failure = failure == null && !closed ? problem : failure;
        }
        wakeUp();
    }
}
