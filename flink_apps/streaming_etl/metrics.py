"""Metrics that the job registers, in the group whose metrics the service hands on to CloudWatch."""

#: Records that were refused, per subtask, since the start.
DEAD_LETTER_COUNT = "deadLetterCount"
#: Watermark events that were left out, per subtask, since the start.
WATERMARK_EVENTS = "watermarkEvents"
#: Documents that OpenSearch refused for themselves, per subtask, since the start: see flink_apps/connectors/opensearch.
DOCUMENTS_REJECTED = "documentsRejected"
