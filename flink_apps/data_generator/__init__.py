"""Random records for Kinesis and Kafka, at an exact rate."""
