package flinkscenarios.kinesis;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Who calls the service for the shards of a reader. */
interface PollThreads extends AutoCloseable {

    /** Does something in a thread of its own, this many nanoseconds from now; nothing after the end. */
    void run(Runnable work, long nanos);

    /** Ends the threads without waiting for what they do. */
    @Override
    void close();

    /** This many threads. */
    static PollThreads of(int count) {
        ScheduledThreadPoolExecutor threads = new ScheduledThreadPoolExecutor(count, work -> {
            Thread thread = new Thread(work, "kinesis-source");
            thread.setDaemon(true);
            return thread;
        });
        return new PollThreads() {
            @Override
            public void run(Runnable work, long nanos) {
                try {
                    threads.schedule(work, nanos, TimeUnit.NANOSECONDS);
                } catch (RejectedExecutionException e) {
                    // The reader is closed.
                }
            }

            @Override
            public void close() {
                threads.shutdownNow();
            }
        };
    }
}
