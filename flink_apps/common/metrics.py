"""Metrics that connectors register, in the group whose metrics the service hands on to CloudWatch."""

#: Documents that OpenSearch refused for themselves, per subtask, since the start: see flink_apps/connectors/opensearch.
DOCUMENTS_REJECTED = "documentsRejected"
