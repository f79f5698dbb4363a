"""Streaming ETL: taxi trips from one source to any set of sinks, without loss."""
