"""The local run of the pulse."""
