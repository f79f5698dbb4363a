"""The local run of the taxi analytics."""
