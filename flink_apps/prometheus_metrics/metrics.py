"""Metrics that the job registers, in the group whose metrics the service hands on to CloudWatch.

The sink's have the names of Flink's official connector for Prometheus.
"""

#: Samples that were generated, per subtask, since the start.
GENERATED_SAMPLES = "generatedSampleCount"
#: Samples and requests that Prometheus has accepted, per subtask, since the start.
SAMPLES_OUT, REQUESTS_OUT = "numSamplesOut", "numWriteRequestsOut"
#: Repetitions of requests, per subtask, since the start.
RETRIES = "numWriteRequestsRetries"
#: Samples that were dropped, for whatever reason, per subtask, since the start.
SAMPLES_DROPPED = "numSamplesDropped"
#: Of these, those in requests that Prometheus refused, and in requests whose retries were used up.
SAMPLES_REFUSED, SAMPLES_EXHAUSTED = "numSamplesNonRetryableDropped", "numSamplesRetryLimitDropped"
#: Requests that were given up, per subtask, since the start.
REQUESTS_FAILED = "numWriteRequestsPermanentlyFailed"
