"""Ends are sources and sinks; each kind has a module.

A module turns a scenario's own keys into a checked value, and the value into a source or sink table. Standard library
only, as the stacks import them, too.
"""
