package flinkscenarios.prometheus;

import flinkscenarios.http.Answer;
import flinkscenarios.http.PostClient;
import flinkscenarios.http.RequestFailure;
import flinkscenarios.http.RetriesExhaustedException;
import flinkscenarios.http.RetryPolicy;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends batches of samples until each is complete: Prometheus has accepted it, or it is discarded and counted. */
final class RemoteWriteSender {

    private static final Logger LOG = LoggerFactory.getLogger(RemoteWriteSender.class);

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
     * restart, replayed samples would take new ones with them. So a refused request is sent again in halves, in their
     * order, down to single samples, unless the options say otherwise.
     *
     * @throws RequestFailure no request is accepted there, or this one was not within its retries
     * @throws InterruptedException during an attempt, or between two
     */
    void send(List<Sample> samples) throws IOException, InterruptedException {
        List<Answer> refusals = new ArrayList<>();
        int refused = send(samples, refusals);
        if (refused > 0) {
            LOG.warn(
                    "{} of {} samples are discarded: Prometheus at {} must accept them (got {}); check their times,"
                            + " order and labels.",
                    refused, samples.size(), endpoint, refusals.get(0));
        }
    }

    /** Completes a request, and returns how many of its samples were refused; adds the answers to {@code refusals}. */
    private int send(List<Sample> samples, List<Answer> refusals) throws IOException, InterruptedException {
        byte[] body = encoder.encode(samples);
        Answer answer;
        try {
            answer = retries.call(() -> client.post(body), metrics::retry);
        } catch (RetriesExhaustedException e) {
            giveUp(samples.size(), e);
            return 0;
        }
        if (answer.isSuccess()) {
            metrics.written(samples.size());
            return 0;
        }
        if (!RemoteWrite.isRefusal(answer.status())) {
            metrics.failed();
            throw RemoteWrite.unusable(endpoint, answer);
        }
        if (splitRefused && RemoteWrite.isRefusalOfSome(answer.status()) && samples.size() > 1) {
            int half = samples.size() / 2;
            return send(samples.subList(0, half), refusals) + send(samples.subList(half, samples.size()), refusals);
        }
        metrics.refused(samples.size());
        refusals.add(answer);
        return samples.size();
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
