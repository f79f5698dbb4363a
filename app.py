"""The CDK application: parse the context, build the stacks, register the checks, synthesize."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from stacks.project import file_context
from stacks.registry import FAILED_BUILDS, REFUSALS, add_stacks


def main() -> None:
    """Build and synthesize the application; a wrong context is one line and status 2, a failed build status 1."""
    app = cdk.App(context=file_context())
    try:
        add_stacks(app)
    except REFUSALS as error:
        sys.exit(_refuse(error, status=2))
    except FAILED_BUILDS as error:
        sys.exit(_refuse(error, status=1))
    cdk.Validations.of(app).add_plugins(*_checks(app))
    app.synth()


def _checks(app: cdk.App) -> Iterator[cdk.IPolicyValidationPlugin]:
    yield AwsSolutionsChecks(app)
    if os.environ.get("CDK_VALIDATION") != "false":
        # What the CDK adds by itself, less the rules in Rego that it ships: they are about GameLift fleets, of which
        # there are none here, and starting their engine takes a sixth of the whole time.
        yield cdk.CloudFormationValidatePlugin(include_default_rules=False)


def _refuse(error: Exception, *, status: int) -> int:
    sys.stderr.write(f"error: {error}\n")
    return status


if __name__ == "__main__":
    main()
