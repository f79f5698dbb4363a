"""Historic taxi trips from files into Kinesis or Kafka, as the stream that they once were."""
