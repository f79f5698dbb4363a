package flinkscenarios.prometheus;

import flinkscenarios.http.Answer;
import flinkscenarios.http.PostClient;
import flinkscenarios.http.RequestFailure;
import flinkscenarios.http.RetriesExhaustedException;
import flinkscenarios.http.RetryPolicy;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends batches of samples until each is complete: Prometheus has accepted it, or it is discarded and counted. */
final class RemoteWriteSender {

    private static final Logger LOG = LoggerFactory.getLogger(RemoteWriteSender.class);

    /** The most requests that one may become; with twice as many as samples, each bad sample would be found. */
    private static final int MOST_REQUESTS = 100;
    /** The request itself, and one for either half. */
    private static final int COST_OF_SPLITTING = 3;

    private final URI endpoint;
    private final PrometheusOptions.OnError onMaxRetryExceeded;
    private final boolean splitRefused;
    private final PostClient client;
    private final SinkMetrics metrics;
    private final RetryPolicy retries;
    private final WriteRequestEncoder encoder = new WriteRequestEncoder();

    RemoteWriteSender(PrometheusOptions options, PostClient client, SinkMetrics metrics, RetryPolicy retries) {
        this.endpoint = options.endpoint();
        this.onMaxRetryExceeded = options.onMaxRetryExceeded();
        this.splitRefused = options.splitRefused();
        this.client = client;
        this.metrics = metrics;
        this.retries = retries;
    }

    /**
     * Sends samples as one request, repeats it while it is retryable, and returns when it is complete.
     *
     * <p>Prometheus refuses a whole request because of a single sample, such as one that it already has: after a
     * restart, replayed samples would take new ones with them. So a request that is refused with 400 is sent again in
     * halves, in their order, down to single samples, as far as {@value #MOST_REQUESTS} requests suffice. Other servers
     * have stored the good samples of such a request, and would refuse them when they come again; for these the options
     * say that it is not split.
     *
     * @throws RequestFailure no request is accepted there, or this one was not within its retries
     * @throws InterruptedException during an attempt, or between two
     */
    void send(List<Sample> samples) throws IOException, InterruptedException {
        Refused refused = new Refused();
        send(samples, MOST_REQUESTS, refused);
        if (refused.dropped > 0) {
            LOG.warn(
                    "{} of {} samples are discarded: Prometheus at {} must accept them (got {}); check their times,"
                            + " order and labels.",
                    refused.dropped, samples.size(), endpoint, refused.answer);
        }
        if (refused.perhapsStored > 0) {
            LOG.warn(
                    "A request of {} samples is refused, and perhaps stored in part: Prometheus at {} must accept it"
                            + " (got {}); check their times, order and labels.",
                    refused.perhapsStored, endpoint, refused.answer);
        }
    }

    /** What was refused of a request, and why. */
    private static final class Refused {
        private int dropped;
        private int perhapsStored;
        private Answer answer;
    }

    /**
     * Completes a part of a request.
     *
     * @param most how many requests it may cost, with those of its own parts
     * @return how many it has cost
     */
    private int send(List<Sample> samples, int most, Refused refused) throws IOException, InterruptedException {
        byte[] body = encoder.encode(samples);
        Answer answer;
        try {
            answer = retries.call(() -> client.post(body), metrics::retry);
        } catch (RetriesExhaustedException e) {
            giveUp(samples.size(), e);
            return 1;
        }
        if (answer.isSuccess()) {
            metrics.written(samples.size());
            return 1;
        }
        if (!RemoteWrite.isRefusal(answer.status())) {
            metrics.failed();
            throw RemoteWrite.unusable(endpoint, answer);
        }
        if (samples.size() > 1 && most >= COST_OF_SPLITTING && mayBeSplit(answer)) {
            int half = samples.size() / 2;
            int cost = 1 + send(samples.subList(0, half), (most - 1) / 2, refused);
            return cost + send(samples.subList(half, samples.size()), most - cost, refused);
        }
        if (samples.size() == 1 || mayBeSplit(answer)) {
            metrics.refused(samples.size());
            refused.dropped += samples.size();
        } else {
            metrics.perhapsStored(samples.size());
            refused.perhapsStored += samples.size();
        }
        refused.answer = refused.answer == null ? answer : refused.answer;
        return 1;
    }

    /** Whether nothing of a refused request is stored, and a smaller one may be accepted. */
    private boolean mayBeSplit(Answer answer) {
        return RemoteWrite.isTooLarge(answer.status())
                || splitRefused && RemoteWrite.isRefusalOfSome(answer.status());
    }

    private void giveUp(int samples, RetriesExhaustedException exhausted) throws RequestFailure {
        if (onMaxRetryExceeded == PrometheusOptions.OnError.FAIL) {
            metrics.failed();
            throw RemoteWrite.exhausted(endpoint, exhausted);
        }
        metrics.exhausted(samples);
        LOG.warn(
                "{} samples are discarded: Prometheus at {} must accept them within {} attempts (got {}).",
                samples, endpoint, exhausted.attempts(), exhausted.getMessage());
    }
}
