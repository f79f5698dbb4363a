"""Metrics that the job registers, in the group whose metrics the service publishes to CloudWatch.

The sink's have the names of Flink's official connector for Prometheus.
"""

#: Samples generated, per subtask, since the start.
GENERATED_SAMPLES = "generatedSampleCount"
#: Samples and requests that Prometheus has accepted, per subtask, since the start.
SAMPLES_OUT, REQUESTS_OUT = "numSamplesOut", "numWriteRequestsOut"
#: Retries of requests, per subtask, since the start.
RETRIES = "numWriteRequestsRetries"
#: Samples dropped for any reason, per subtask, since the start.
SAMPLES_DROPPED = "numSamplesDropped"
#: Samples dropped because Prometheus refused them, and because the request's retries were exhausted.
SAMPLES_REFUSED, SAMPLES_EXHAUSTED = "numSamplesNonRetryableDropped", "numSamplesRetryLimitDropped"
#: Samples of requests that were refused as a whole although the server may have stored the good ones. Not dropped.
SAMPLES_PERHAPS_STORED = "numSamplesRefusedPerhapsStored"
#: Requests that failed for good, per subtask, since the start.
REQUESTS_FAILED = "numWriteRequestsPermanentlyFailed"
