"""Replays historic taxi trips from files into Kinesis or Kafka, as a stream in real time or faster."""
