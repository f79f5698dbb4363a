package flinkscenarios.prometheus;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends batches of samples until each is settled: Prometheus has taken it, or it is discarded and counted. */
final class RemoteWriteSender {

    private static final Logger LOG = LoggerFactory.getLogger(RemoteWriteSender.class);

    /** Lets time pass. */
    @FunctionalInterface
    interface Pause {
        void sleep(long millis) throws InterruptedException;
    }

    private final URI endpoint;
    private final PrometheusOptions.OnError onMaxRetryExceeded;
    private final boolean splitRefused;
    private final RemoteWriteClient client;
    private final SinkMetrics metrics;
    private final RetrySchedule retries;
    private final Pause pause;
    private final WriteRequestEncoder encoder = new WriteRequestEncoder();

    RemoteWriteSender(PrometheusOptions options, RemoteWriteClient client, SinkMetrics metrics) {
        this(
                options,
                client,
                metrics,
                new RetrySchedule(options, below -> ThreadLocalRandom.current().nextLong(below)),
                Thread::sleep);
    }

    RemoteWriteSender(
            PrometheusOptions options,
            RemoteWriteClient client,
            SinkMetrics metrics,
            RetrySchedule retries,
            Pause pause) {
        this.endpoint = options.endpoint();
        this.onMaxRetryExceeded = options.onMaxRetryExceeded();
        this.splitRefused = options.splitRefused();
        this.client = client;
        this.metrics = metrics;
        this.retries = retries;
        this.pause = pause;
    }

    /**
     * Sends samples as one request, over and over while that may help, and returns when all of them are settled.
     *
     * <p>Prometheus refuses a request for the sake of a single sample, such as one that it has got before: what is
     * replayed after a restart would take new samples with it. So the halves of a refused request are sent by
     * themselves, in their order, down to the samples that it is about, where the options do not say otherwise.
     *
     * @throws RemoteWriteFailure no request gets through, or this one did not within its retries
     * @throws InterruptedException during an attempt, or between two
     */
    void send(List<Sample> samples) throws IOException, InterruptedException {
        List<Attempt> refusals = new ArrayList<>();
        int refused = settle(samples, refusals);
        if (refused > 0) {
            LOG.warn(
                    "{} of {} samples are discarded: Prometheus at {} must accept them (got {}); check their times, order"
                            + " and labels.",
                    refused, samples.size(), endpoint, refusals.get(0));
        }
    }

    /** Settles a request, and gives how many of its samples were refused; the answers to these go to a list. */
    private int settle(List<Sample> samples, List<Attempt> refusals) throws IOException, InterruptedException {
        byte[] body = encoder.encode(samples);
        int failed = 0;
        Attempt attempt = attempt(body);
        while (attempt.mayPass()) {
            failed++;
            if (!retries.allowsAfter(failed)) {
                giveUp(samples.size(), failed, attempt);
                return 0;
            }
            metrics.retry();
            pause.sleep(retries.pauseMillis(failed));
            attempt = attempt(body);
        }
        if (attempt.isDone()) {
            metrics.written(samples.size());
            return 0;
        }
        if (!attempt.isRefusal()) {
            metrics.failed();
            throw RemoteWriteFailure.wrongPlace(endpoint, attempt);
        }
        if (splitRefused && attempt.mayBeAboutSome() && samples.size() > 1) {
            int half = samples.size() / 2;
            return settle(samples.subList(0, half), refusals)
                    + settle(samples.subList(half, samples.size()), refusals);
        }
        metrics.refused(samples.size());
        refusals.add(attempt);
        return samples.size();
    }

    private Attempt attempt(byte[] body) throws InterruptedException {
        try {
            HttpResponse<String> answer = client.send(body);
            return Attempt.answered(answer.statusCode(), answer.body());
        } catch (IOException | RuntimeException e) { // The latter from credentials that cannot be had now.
            return Attempt.unanswered(e);
        }
    }

    private void giveUp(int samples, int attempts, Attempt last) throws RemoteWriteFailure {
        if (onMaxRetryExceeded == PrometheusOptions.OnError.FAIL) {
            metrics.failed();
            throw RemoteWriteFailure.exhausted(endpoint, attempts, last);
        }
        metrics.exhausted(samples);
        LOG.warn(
                "{} samples are discarded: Prometheus at {} must accept them within {} attempts (got {}).",
                samples, endpoint, attempts, last);
    }
}
