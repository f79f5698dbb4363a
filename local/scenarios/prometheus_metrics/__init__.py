"""The local run of the Prometheus metrics."""
