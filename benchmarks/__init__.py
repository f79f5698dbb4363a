"""Throughput, measured beside its baselines in one run."""

import stacks  # noqa: F401 - puts flink_constructs on the path
