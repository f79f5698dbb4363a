"""IAM's verdict about requests: a simulator that is kept elsewhere, in one process of Node for all of them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.errors import RunError
from local.permissions.requests import Use
from local.process import TOOLS, environment
from stacks.project import ROOT

_PACKAGE = "@cloud-copilot/iam-simulate"
_PROGRAM = Path(__file__).parent / "simulate.cjs"
#: What a request has besides, as it would have in AWS: it comes by TLS, and from an address that nobody trusts.
_CONTEXT = {"aws:SecureTransport": "true", "aws:SourceIp": "192.0.2.1"}


@dataclass(frozen=True, kw_only=True)
class Question:
    """Whether a role may do something, by these statements; a question has one policy of a resource at most."""

    principal: str
    statements: Sequence[Mapping[str, Any]]
    uses: Sequence[Use]
    #: The statements of the resource's own policy.
    policy: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What becomes of one request."""

    allowed: bool
    #: The numbers of the role's statements that allow it.
    by: frozenset[int]
    #: What is wrong with the request itself.
    problem: str = ""


def answers(questions: Sequence[Question]) -> list[list[Answer]]:
    """The answers to all requests of all questions.

    Raises:
        RunError: where the simulator is not there, or fails.

    """
    if not (ROOT / "node_modules" / _PACKAGE).is_dir():
        raise RunError(f"missing: the npm package {_PACKAGE}; get it: make setup")
    lines = [
        json.dumps(
            {
                "principal": question.principal,
                "statements": list(question.statements),
                "policy": list(question.policy) or None,
                "requests": [
                    {
                        "action": use.action,
                        "resource": use.resource,
                        "context": {**_CONTEXT, "aws:PrincipalArn": question.principal},
                    }
                    for use in question.uses
                ],
            }
        )
        for question in questions
    ]
    asked = subprocess.run(
        [str(TOOLS / "node"), str(_PROGRAM)],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
    )
    if asked.returncode != 0:
        complaints = [line.strip() for line in asked.stderr.splitlines() if "Error" in line] or ["it said nothing"]
        raise RunError(f"the simulator of IAM failed: {complaints[0]}")
    return [
        [Answer(allowed=one["allowed"], by=frozenset(one["by"]), problem=one["problem"]) for one in json.loads(line)]
        for line in asked.stdout.splitlines()
    ]
