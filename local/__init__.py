"""The local run: the synthesized template and its bundle, on real servers of this machine."""

import stacks  # noqa: F401 - puts flink_constructs on the path
