"""The local run of the streaming ETL."""
