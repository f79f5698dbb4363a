"""Processes that are lost while a job runs, and the wait for what follows."""

from __future__ import annotations

import time
from collections.abc import Callable

from local.flink.rest import Job
from local.run import LocalRun


def wait_for(what: str, condition: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} took more than {seconds:.0f} s"
        time.sleep(0.1)


def kill_a_task_manager(run: LocalRun, job: Job, *, downtime: float = 0) -> None:
    """Kill a TaskManager, as a lost machine would be, and give the cluster another one, ``downtime`` seconds later."""
    cluster, completed = run.cluster, job.checkpoints_completed()
    wait_for("a checkpoint", lambda: job.checkpoints_completed() > completed)
    next(process for process in cluster.task_managers if process.running).kill()
    replacement = cluster.new_task_manager(len(cluster.task_managers) + 1)
    cluster.task_managers.append(replacement)
    time.sleep(downtime)
    replacement.start()
    wait_for("the notice of the loss", lambda: job.running_seconds() == 0)
    wait_for("the restart", lambda: job.running_seconds() > 1)


def kill_the_job_manager(run: LocalRun, job: Job) -> Job:
    """Kill the JobManager, which takes the job with it, and submit the job anew from its latest checkpoint."""
    cluster, completed = run.cluster, job.checkpoints_completed()
    wait_for("a checkpoint", lambda: job.checkpoints_completed() > completed)
    cluster.job_manager.kill()
    checkpoint = cluster.latest_checkpoint(job)
    cluster.replace_job_manager()
    cluster.job_manager.wait_until(lambda: cluster.rest.task_managers() is not None)
    restored = run.submit(checkpoint=checkpoint)
    wait_for("the restored job", lambda: restored.running_seconds() > 0)
    return restored
