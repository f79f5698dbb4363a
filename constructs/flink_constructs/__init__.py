"""Typed constructs for Flink applications on AWS; each module stands for itself, import what you need from it.

A module's ``__all__`` names what is there to build on, with an argument's default, unit and range documented. The
rest, and the modules without one, serve these and may change with them. ``bundle`` and ``connector_jar`` need no CDK.
"""
