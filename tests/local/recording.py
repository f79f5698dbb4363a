"""Short runs of scenarios whose calls are recorded: each lasts until its jobs have used all that they may do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from local.feeders import Feeders
from local.permissions.policies import Role, roles_of
from local.permissions.recorder import Call, Recorder
from local.permissions.roles import access_key_id
from local.permissions.verdict import JOBS, Case, case_of, unobserved
from local.restarts import WatchedJob
from local.run import LocalRun
from local.scenarios import scenario_type
from local.synth import synthesize
from tests.local.failures import wait_for

#: What makes a run short, by the scenario.
CONTEXTS = {
    "data-generator": {"checkpoint-seconds": "1"},
    "lottery": {"checkpoint-seconds": "1", "window-seconds": "3", "grace-millis": "500", "idle-seconds": "1"},
    "prometheus-metrics": {"checkpoint-seconds": "1"},
    # Each trip more is a file more, as likely as not.
    "streaming-etl": {"checkpoint-seconds": "2", "replay-speedup": "600"},
    "taxi-analytics": {"checkpoint-seconds": "2"},
}
#: Those whose jobs write to OpenSearch.
SEARCHING = ("streaming-etl", "taxi-analytics")


@dataclass(frozen=True)
class Recording:
    """The roles of a scenario's jobs, and what was called in the course of a run."""

    case: Case
    unknown: list[str]


def record(name: str, folder: Path) -> Recording:
    """Run a scenario as ``python -m local run`` does, until its jobs have used all that they may do."""
    context = {f"{name}.{key}": value for key, value in CONTEXTS.get(name, {}).items()}
    assembly = synthesize(name, context, folder / "cdk.out")
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
        return Recording(case_of(assembly.template, run.attribute, recorder.calls, trusts=JOBS), recorder.unknown)


def unused(roles: Iterable[Role], calls: Iterable[Call]) -> list[str]:
    """What jobs may do, have not done so far, and are expected to do."""
    return [
        f"{role.name}: {grant}"
        for role in roles
        if JOBS in role.trusts
        for grant in role.grants
        if not any(one.covers(role, grant) for one in unobserved())
        and not any(
            call.access_key_id == access_key_id(role.arn) and grant.fits(call.action, call.resource) for call in calls
        )
    ]
