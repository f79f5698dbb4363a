"""Processes that are lost while a job runs, and the wait for what follows."""

from __future__ import annotations

import time
from collections.abc import Callable

from local.flink.rest import Job
from local.run import LocalRun
from local.services.kafka import KafkaService


def wait_for(what: str | Callable[[], str], condition: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, (
            f"{what if isinstance(what, str) else what()} took more than {seconds:.0f} s"
        )
        time.sleep(0.1)


def arrivals(kafka: KafkaService, topic: str) -> Callable[[], int]:
    """How many committed records have come into a topic so far; each is read once, however often that is asked."""
    arriving = kafka.follow(topic)
    total = 0

    def so_far() -> int:
        nonlocal total
        total += len(next(arriving))
        return total

    return so_far


def kill_a_task_manager(
    run: LocalRun, job: Job, *, downtime: float = 0, meanwhile: Callable[[], object] = lambda: None
) -> None:
    """Kill a TaskManager, as a lost machine would be, and give the cluster another one, ``downtime`` seconds later.

    ``meanwhile`` is called before the cluster has the other one.
    """
    completed = job.checkpoints_completed()
    wait_for("a checkpoint", lambda: job.checkpoints_completed() > completed)
    next(process for process in run.cluster.task_managers if process.running).kill()
    meanwhile()
    time.sleep(downtime)
    add_a_task_manager(run)
    wait_for("the notice of the loss", lambda: job.running_seconds() == 0)
    wait_for("the restart", lambda: job.running_seconds() > 1)


def add_a_task_manager(run: LocalRun) -> None:
    """Give the cluster one more TaskManager, and do not wait for it."""
    another = run.cluster.new_task_manager(len(run.cluster.task_managers) + 1)
    run.cluster.task_managers.append(another)
    another.start()


def suspend_the_task_managers(run: LocalRun, *, seconds: float) -> None:
    """Stop the processes for a while, as a paused virtual machine would be."""
    running = [process for process in run.cluster.task_managers if process.running]
    for process in running:
        process.freeze()
    time.sleep(seconds)
    for process in running:
        process.thaw()


def stop_and_restore(run: LocalRun, job: Job, *, parallelism: int | None = None) -> Job:
    """Stop with a savepoint, as the service does at each update, stop and scaling, and go on from it."""
    run.stop_job(job, drain=False)
    return restore(run, parallelism=parallelism)


def restore(run: LocalRun, *, parallelism: int | None = None, allow_non_restored_state: bool = False) -> Job:
    """Go on from the latest savepoint of a job that has been stopped."""
    restored = run.submit(
        checkpoint=run.latest_savepoint, parallelism=parallelism, allow_non_restored_state=allow_non_restored_state
    )
    wait_for("the restored job", lambda: restored.running_seconds() > 0)
    return restored


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
