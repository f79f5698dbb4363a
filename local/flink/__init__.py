"""A Flink cluster of real processes, as the managed service would set it up."""
