"""Random stock prices for Kinesis and Kafka, at an exact rate."""
