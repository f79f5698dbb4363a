"""What all tests share."""

from __future__ import annotations

import os

# The CDK's own validation costs 1.5 to 4 s a synthesis, and is read when aws_cdk is imported.
os.environ.setdefault("CDK_VALIDATION", "false")
