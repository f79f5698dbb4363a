"""The local run of the lottery."""
