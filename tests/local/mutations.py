"""Policies with a permission more, or one less: whether it is noticed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from local.permissions.policies import Grant, Role
from local.permissions.recorder import Call
from local.permissions.roles import access_key_id
from local.permissions.verdict import Case, judged

#: Actions that nobody here needs, one for each service of a policy.
FOREIGN = {
    "aps": "aps:DeleteWorkspace",
    "cloudformation": "cloudformation:DeleteStack",
    "cognito-identity": "cognito-identity:DeleteIdentityPool",
    "cognito-idp": "cognito-idp:DeleteUserPool",
    "ec2": "ec2:TerminateInstances",
    "es": "es:DeleteDomain",
    "iam": "iam:CreateUser",
    "kafka": "kafka:DeleteCluster",
    "kafka-cluster": "kafka-cluster:DeleteTopic",
    "kinesis": "kinesis:DeleteStream",
    "kinesisanalytics": "kinesisanalytics:DeleteApplication",
    "lambda": "lambda:DeleteFunction",
    "logs": "logs:DeleteLogGroup",
    "s3": "s3:DeleteBucket",
    "secretsmanager": "secretsmanager:DeleteSecret",
    "states": "states:DeleteStateMachine",
}


@dataclass(frozen=True)
class Mutant:
    """A role with one permission more or less, and what has to be told of it; empty for what cannot be seen here."""

    role: Role
    what: str
    told: str


def mutants(case: Case) -> Iterator[Mutant]:
    """Each role with each of its grants taken away, and with an action added on each of its resources."""
    for role in case.roles:
        for number, grant in enumerate(role.grants):
            without = replace(role, grants=(*role.grants[:number], *role.grants[number + 1 :]))
            excepted = any(one.covers(role, grant) for one in case.exceptions)
            told = "" if excepted else f"{role.name} must be allowed {grant.action} on "
            yield Mutant(without, f"{role.name} without {grant}", told)
        for policy, resource in sorted({(grant.policy, grant.resource) for grant in role.grants}):
            services = {grant.action.partition(":")[0] for grant in role.grants if grant.resource == resource}
            for service in sorted(services):
                added = Grant(role.name, policy, FOREIGN[service], resource)
                more = replace(role, grants=(*role.grants, added))
                yield Mutant(more, f"{role.name} with {added}", f"{role.name}: {added} must be used by a call")


def samples(role: Role, calls: Iterable[Call]) -> list[Call]:
    """One call of a role for each set of grants that are about it: of many objects of a bucket, one."""
    found: dict[tuple[str, tuple[int, ...]], Call] = {}
    for call in sorted(calls):
        if call.access_key_id == access_key_id(role.arn):
            about = tuple(n for n, grant in enumerate(role.grants) if grant.fits(call.action, call.resource))
            found.setdefault((call.action, about), call)
    return list(found.values())


def survivors(case: Case, made: Iterator[Mutant]) -> list[str]:
    """The mutants that nobody notices, or of which something else is told."""
    tried: Sequence[Mutant] = list(made)
    calls = {role.name: samples(role, case.calls) for role in case.roles}
    cases = [replace(case, roles=[one.role], calls=calls[one.role.name]) for one in tried]
    return [
        f"{one.what}: {lines or 'nothing'} is told"
        for one, judgement in zip(tried, judged(cases), strict=True)
        for lines in [[*judgement.refused, *judgement.unused]]
        if not (one.told == "" or any(line.startswith(one.told) for line in lines))
    ]
