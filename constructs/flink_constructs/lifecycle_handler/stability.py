"""Tells from the application's log whether its job has kept running since it was started.

The service says RUNNING as soon as the cluster runs, also while Flink restarts the job again and again, and after the
job's Python process has failed. Restarts are messages of level INFO, failed tasks of level WARN; an application that
logs errors alone shows only the end of its Python process.

Source: https://docs.aws.amazon.com/managed-flink/latest/java/rollback.html
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from .root_cause import LogEvent, newest_events, parsed

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

logger = logging.getLogger(__name__)

RUNNING = re.compile(r"switched from state \w+ to RUNNING\b")
RESTARTED = re.compile(r"switched from state \w+ to RESTARTING\b|switched from [A-Z]+ to FAILED with failure cause")
ENDED = re.compile(
    r"Run python process failed|Python process exits with code: [1-9]|switched from state \w+ to FAILED\b"
)
# A failure is logged by the task and by the job, and often by several tasks.
ONE_FAILURE = timedelta(seconds=5)
# So many restarts are a loop.
LOOP = 3


@dataclass(frozen=True)
class Course:
    """What has become of a job since it was started."""

    restarts: tuple[datetime, ...] = ()
    ended: bool = False

    @property
    def trouble(self) -> str:
        """What is wrong with the job for good; empty where it may yet run."""
        if self.ended:
            return "its job ended with a failure"
        if len(self.restarts) >= LOOP:
            return f"its job restarts in a loop: {len(self.restarts)} times so far"
        return ""

    def quiet_since(self, running_since: datetime) -> datetime:
        """The time from which on the job has run without a restart."""
        return max(running_since, *self.restarts) if self.restarts else running_since


def course(
    logs: CloudWatchLogsClient, log_group_name: str, log_stream_name: str, *, since: datetime, version: int
) -> Course:
    """Read the course of the job from the log; where the log cannot be read, nothing is known against the job.

    Args:
        logs: The client.
        log_group_name: The application's log group.
        log_stream_name: The application's log stream.
        since: When the start or the update began.
        version: The version of the application: until it is stopped, the previous one logs as well.

    """
    try:
        events = newest_events(logs, log_group_name, log_stream_name, since)
    except (ClientError, BotoCoreError):
        logger.exception("the application's log could not be read: the service's status alone counts")
        return Course()
    return course_in(events, version=version)


def course_in(events: Iterable[LogEvent], *, version: int) -> Course:
    """Find restarts and the end of the job in log events, oldest first."""
    restarts: list[datetime] = []
    ended = False
    for event in events:
        entry = parsed(event.message)
        if str(entry.get("applicationVersionId") or version) != str(version):
            continue
        text = str(entry.get("message", ""))
        if ENDED.search(text):
            ended = True
        elif RUNNING.search(text):
            ended = False
        elif RESTARTED.search(text):
            at = datetime.fromtimestamp(event.timestamp / 1000, UTC)
            if not restarts or at - restarts[-1] >= ONE_FAILURE:
                restarts.append(at)
    return Course(tuple(restarts), ended)
