package flinkscenarios.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class SenderThreadTest {

    private static final Object COMPLETE = "complete";

    private final SenderThread thread = new SenderThread("sender");
    private final BlockingQueue<Object> reports = new ArrayBlockingQueue<>(10);

    @AfterEach
    void close() {
        thread.close();
    }

    private Object reportOf(SenderThread.Request request) throws InterruptedException {
        thread.submit(request, () -> reports.add(COMPLETE), reports::add);
        return reports.take();
    }

    @Test
    void requestsAreSentInAThreadOfThatNameOneAfterTheOther() throws Exception {
        BlockingQueue<String> threads = new ArrayBlockingQueue<>(2);
        for (int i = 0; i < 2; i++) {
            assertEquals(COMPLETE, reportOf(() -> threads.add(Thread.currentThread().getName())));
        }
        assertEquals("sender", threads.take());
        assertEquals("sender", threads.take());
    }

    @Test
    void aFailureIsReportedAsItIs() throws Exception {
        IOException failure = new IOException("no");
        assertSame(
                failure,
                reportOf(
                        () -> {
                            throw failure;
                        }));
    }

    @Test
    void anErrorIsReportedAsTheCauseOfAnException() throws Exception {
        Error error = new NoClassDefFoundError("a.B");
        Object report =
                reportOf(
                        () -> {
                            throw error;
                        });
        assertSame(error, ((IOException) report).getCause());
    }

    @Test
    void aMailboxThatIsClosedEndsNoThread() throws Exception {
        thread.submit(
                () -> {},
                () -> {
                    throw new RejectedExecutionException();
                },
                reports::add);
        assertEquals(COMPLETE, reportOf(() -> {}));
    }

    @Test
    void closingInterruptsTheRequestAndNothingIsReported() throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        thread.submit(
                () -> {
                    started.countDown();
                    try {
                        Thread.sleep(TimeUnit.MINUTES.toMillis(10));
                    } finally {
                        interrupted.countDown();
                    }
                },
                () -> reports.add(COMPLETE),
                reports::add);
        started.await();
        thread.close();
        interrupted.await();
        assertTrue(reports.isEmpty());
    }
}
