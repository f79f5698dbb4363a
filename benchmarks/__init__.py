"""Throughput, measured beside its baselines in one run."""
