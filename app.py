"""The CDK application: parse the context, build the stacks, register the checks, synthesize."""

from __future__ import annotations

import sys

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from stacks.project import file_context, no_permission
from stacks.registry import FAILED_BUILDS, REFUSALS, add_stacks


def main() -> None:
    """Build and synthesize the application; a wrong context is one line and status 2, a failed build status 1."""
    # The CDK's own template check takes a third of a synthesis, and the tests run cfn-lint on every variant.
    app = cdk.App(context=file_context(), builtin_cloud_formation_validation=False)
    try:
        add_stacks(app)
    except REFUSALS as error:
        sys.exit(_refuse(error, status=2))
    except FAILED_BUILDS as error:
        sys.exit(_refuse(error, status=1))
    except OSError as error:
        if (refusal := no_permission(error)) is None:
            raise
        sys.exit(_refuse(refusal, status=1))
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    app.synth()


def _refuse(error: Exception | str, *, status: int) -> int:
    sys.stderr.write(f"error: {error}\n")
    return status


if __name__ == "__main__":
    main()
