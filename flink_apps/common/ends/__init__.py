"""Where records come from and go to: a module for each kind of end.

Each leads from a scenario's own keys to a checked value, and from the value to a source or a sink table. Standard
library only: the stacks import them as well.
"""
