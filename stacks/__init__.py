"""The stacks: one module per scenario, and the context that configures them."""

import sys
from pathlib import Path

# `flink_constructs` lies in constructs/, which cannot be a package: the CDK's own `constructs` has that name.
_CONSTRUCTS = str(Path(__file__).resolve().parent.parent / "constructs")
if _CONSTRUCTS not in sys.path:
    sys.path.append(_CONSTRUCTS)
