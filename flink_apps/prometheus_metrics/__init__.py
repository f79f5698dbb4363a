"""Prometheus metrics: CPU and memory of many instances, written to Amazon Managed Service for Prometheus."""
