"""Pulse: a beat every so often, into Kinesis; the scenario that a test adds."""
