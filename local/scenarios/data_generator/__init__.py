"""The local run of the data generator."""
