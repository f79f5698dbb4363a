"""Typed constructs for Flink applications on AWS; each module stands for itself, import what you need from it."""
