"""A deployment rehearsed on this machine: a template's resources in their local counterparts, as CloudFormation does.

From the bottom up: a stack as it is on the disk (``stack``), the order of its resources (``order``) and which of their
changes replace them (``schemas``), what a type has to know (``handler``), and the engine that knows none of the types
(``engine``). The types are in ``types``; their servers are a process of its own (``daemon``, reached by ``rehearsal``),
the functions behind custom resources run in others (``functions``). ``commands`` is what the command line calls.
"""
