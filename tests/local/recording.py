"""Short runs of scenarios whose calls are recorded: each lasts until every permission of its jobs has been used."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from local.feeders import Feeders
from local.permissions.policies import Role, resource_policies, roles_of
from local.permissions.recorder import Call, Recorder
from local.permissions.roles import access_key_id
from local.permissions.verdict import Case, unobserved
from local.restarts import WatchedJob
from local.run import LocalRun
from local.scenarios import scenario_type
from local.synth import synthesize
from tests.handler_calls import handler_calls
from tests.local.failures import wait_for

#: Who takes over the roles of jobs.
_JOBS = "kinesisanalytics.amazonaws.com"


@dataclass(frozen=True)
class Recording:
    """What was called in the course of a scenario's run, by its jobs and by the functions of its template."""

    case: Case
    unknown: list[str]


def record(name: str, context: dict[str, str], folder: Path) -> Recording:
    """Run a scenario as ``python -m local run`` does, until its jobs have used all that they may do."""
    assembly = synthesize(name, {f"{name}.{key}": value for key, value in context.items()}, folder / "cdk.out")
    with Recorder() as recorder, LocalRun(assembly, folder, recorder=recorder) as run:
        roles = roles_of(assembly.template, run.attribute)
        run.start()
        scenario = scenario_type(name)(run)
        scenario.prepare()
        watched = WatchedJob(run.submit())
        feeders = [one for one in scenario.feeders if one in run.clusters]
        with Feeders(run, feeders, scenario.load()) as feeding:

            def used() -> bool:
                if watched.look():
                    list(feeding.submit())
                feeding.check()
                return not unused(roles, recorder.calls)

            wait_for(lambda: f"the use of {unused(roles, recorder.calls)}", used, seconds=240)
            feeding.stop()
        run.stop_job(watched.job)
        policies = resource_policies(assembly.template, run.attribute)
        calls = recorder.calls | handler_calls(assembly.template, run.attribute)
    case = Case(roles=roles, calls=calls, resource_policies=policies, exceptions=unobserved())
    return Recording(case, recorder.unknown)


def unused(roles: Iterable[Role], calls: Iterable[Call]) -> list[str]:
    """What jobs may do, have not done so far, and are expected to do."""
    return [
        f"{role.name}: {grant}"
        for role in roles
        if _JOBS in role.trusts
        for grant in role.grants
        if not any(one.covers(role, grant) for one in unobserved())
        and not any(
            (call.access_key_id, call.action) == (access_key_id(role.arn), grant.action)
            and re.fullmatch(re.escape(grant.resource).replace(r"\*", ".*"), call.resource)
            for call in calls
        )
    ]
