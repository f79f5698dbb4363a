"""The CDK application: parse the context, build the stacks, register the checks, synthesize."""

from __future__ import annotations

import sys

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from stacks.project import file_context
from stacks.registry import REFUSALS, add_stacks


def main() -> None:
    """Build and synthesize the application; a wrong context is one line and status 2."""
    app = cdk.App(context=file_context())
    try:
        add_stacks(app)
    except REFUSALS as error:
        sys.exit(_refuse(error))
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    app.synth()


def _refuse(error: Exception) -> int:
    sys.stderr.write(f"error: {error}\n")
    return 2


if __name__ == "__main__":
    main()
