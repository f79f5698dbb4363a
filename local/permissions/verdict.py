"""Whether a template's policies allow what was called, and nothing that nobody calls.

What cannot be seen here stands in ``unobserved.yaml``, with the reason.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from local.errors import RunError
from local.permissions.policies import Grant, ResourcePolicy, Role, resource_policies, roles_of
from local.permissions.recorder import Call
from local.permissions.requests import Use
from local.permissions.roles import access_key_id
from local.permissions.simulator import Answer, Question, answers
from local.template import AttributeResolver, Template

#: Who takes over the roles of jobs.
JOBS = "kinesisanalytics.amazonaws.com"
_UNOBSERVED = Path(__file__).parent / "unobserved.yaml"


@dataclass(frozen=True)
class Unobserved:
    """Grants whose use cannot be seen here."""

    trusts: str
    role: str
    actions: frozenset[str]
    resources: str
    reason: str
    #: Whether some runs use them: what happens when something goes wrong, or at a certain moment.
    sometimes: bool

    def covers(self, role: Role, grant: Grant) -> bool:
        """Whether a grant is one of these."""
        return (
            self.trusts in role.trusts
            and grant.action in self.actions
            and bool(re.fullmatch(self.role, role.name))
            and bool(re.fullmatch(self.resources, grant.resource))
        )

    def __str__(self) -> str:
        return f"{', '.join(sorted(self.actions))} of {self.role} for {self.trusts}"


@cache
def unobserved() -> tuple[Unobserved, ...]:
    """Those that are known."""
    entries: list[Mapping[str, Any]] = yaml.safe_load(_UNOBSERVED.read_text())
    return tuple(
        Unobserved(
            trusts=entry["trusts"],
            role=entry.get("role", ".*"),
            actions=frozenset(entry["actions"]),
            resources=entry.get("resources", ".*"),
            reason=" ".join(entry["reason"].split()),
            sometimes=entry.get("sometimes", False),
        )
        for entry in entries
    )


@dataclass(frozen=True, kw_only=True)
class Case:
    """A template's roles, and what was called in a run of it."""

    roles: Sequence[Role]
    calls: Iterable[Call]
    resource_policies: Sequence[ResourcePolicy] = ()
    exceptions: Sequence[Unobserved] = ()


def case_of(template: Template, attribute: AttributeResolver, calls: Iterable[Call], *, trusts: str = "") -> Case:
    """What was called in a run of a template, with the exceptions that are known.

    Args:
        template: The template.
        attribute: Gives names and ARNs as those who called have them.
        calls: The calls.
        trusts: Only roles that this service takes over. Default: all roles.

    Raises:
        RunError: for policies that do not say what they allow.

    """
    roles = [role for role in roles_of(template, attribute) if not trusts or trusts in role.trusts]
    policies = resource_policies(template, attribute)
    return Case(roles=roles, calls=calls, resource_policies=policies, exceptions=unobserved())


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What is wrong with the policies, a line each."""

    #: Calls that they do not allow, or that IAM does not know.
    refused: tuple[str, ...]
    #: What they allow and no call needs, and exceptions that are needless.
    unused: tuple[str, ...]


def findings(case: Case) -> list[str]:
    """What is wrong with the policies, a line each; nothing where they are as they must be."""
    (judgement,) = judged([case])
    return [*judgement.refused, *judgement.unused]


def judged(cases: Sequence[Case]) -> list[Judgement]:
    """What is wrong with the policies of each case.

    Args:
        cases: The roles and the calls. Those of other keys than the roles' are the deployment's own, or somebody's.

    Raises:
        RunError: where the simulator does not answer.

    """
    questions: list[Question] = []
    places: list[list[tuple[Role, list[int]]]] = []
    for case in cases:
        by_key = _by_key(case.calls)
        places.append([])
        for role in case.roles:
            numbers = []
            uses = by_key.get(access_key_id(role.arn), [])
            for policy, about in _by_policy(uses, case.resource_policies):
                numbers.append(len(questions))
                statements = [grant.statement for grant in role.grants]
                questions.append(Question(principal=role.arn, statements=statements, uses=about, policy=policy))
            places[-1].append((role, numbers))
    told = answers(questions)
    return [
        _judged(
            case,
            [
                (role, [pair for one in numbers for pair in zip(questions[one].uses, told[one], strict=True)])
                for role, numbers in of_case
            ],
        )
        for case, of_case in zip(cases, places, strict=True)
    ]


@dataclass(frozen=True, kw_only=True)
class Permissions:
    """What was called, and what the policies say of it."""

    calls: int
    judgement: Judgement
    #: Requests that nobody could name.
    unknown: Sequence[str]

    @classmethod
    def of(cls, case: Case, unknown: Sequence[str]) -> Permissions:
        """Judge a case."""
        (judgement,) = judged([case])
        keys = {access_key_id(role.arn) for role in case.roles} | {""}
        calls = sum(call.access_key_id in keys for call in case.calls)
        return cls(calls=calls, judgement=judgement, unknown=unknown)

    @property
    def refused(self) -> list[str]:
        """Whatever AWS would not do, a line each."""
        return [*self.judgement.refused, *self.unknown]

    @property
    def lines(self) -> list[str]:
        """All that there is to tell."""
        told = f"permissions: {self.calls} calls, {len(self.refused)} refused"
        return [told, *self.refused, *(f"so far, {line}" for line in self.judgement.unused)]

    def check(self) -> None:
        """Raise a :class:`RunError` where AWS would have refused a call."""
        if self.refused:
            raise RunError(f"the template's policies must allow all calls (got {len(self.refused)} that they refuse)")


def _judged(case: Case, asked: Sequence[tuple[Role, Sequence[tuple[Use, Answer]]]]) -> Judgement:
    unsigned = [f"nobody may send what has no signature (got {one.action} {one.resource})" for one in _unsigned(case)]
    refused = [line for role, of_role in asked for line in _refused(role, of_role)]
    unused = [line for role, of_role in asked for line in _unused(role, of_role, case.exceptions)]
    return Judgement(refused=(*unsigned, *refused), unused=tuple(unused))


def _refused(role: Role, asked: Sequence[tuple[Use, Answer]]) -> Iterator[str]:
    for use, answer in asked:
        if answer.problem:
            yield f"{role.name}: IAM must know {use.action} on {use.resource} (got {answer.problem})"
        elif not answer.allowed:
            got = "a denial of the resource's own policy" if answer.by else "no statement"
            yield f"{role.name} must be allowed {use.action} on {use.resource} (got {got})"


def _unused(role: Role, asked: Sequence[tuple[Use, Answer]], exceptions: Sequence[Unobserved]) -> Iterator[str]:
    needed = {min(answer.by) for _, answer in asked if len(answer.by) == 1}
    used = {number for _, answer in asked for number in answer.by}
    for number, grant in enumerate(role.grants):
        excepted = [one for one in exceptions if one.covers(role, grant)]
        if number in needed:
            for one in excepted:
                if not one.sometimes:
                    yield (
                        f"{role.name}: {grant} is used by a call, and must not be in {_UNOBSERVED.name}"
                        f" (got {one.reason!r})"
                    )
        elif not excepted:
            got = "only calls that other statements allow, too" if number in used else "none"
            yield (
                f"{role.name}: {grant} must be used by a call (got {got}); remove it from {grant.policy}, or say in"
                f" {_UNOBSERVED.name} why it cannot be seen"
            )


def _unsigned(case: Case) -> list[Call]:
    return sorted(call for call in case.calls if not call.access_key_id)


def _by_key(calls: Iterable[Call]) -> dict[str, list[Use]]:
    result = defaultdict(list)
    for call in sorted(calls):
        result[call.access_key_id].append(Use(call.action, call.resource))
    return result


def _by_policy(
    uses: Sequence[Use], policies: Sequence[ResourcePolicy]
) -> Iterator[tuple[Sequence[Mapping[str, Any]], list[Use]]]:
    """The statements of each resource's own policy, none at last, and the requests about that resource."""
    left = list(uses)
    for policy in policies:
        if about := [use for use in left if policy.covers(use.resource)]:
            yield policy.statements, about
        left = [use for use in left if use not in about]
    if left:
        yield (), left
