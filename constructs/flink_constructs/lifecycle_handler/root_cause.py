"""Finds why a job failed, in the application's CloudWatch log stream.

The service writes one JSON object per log event: `messageType` (the level), `message`, and for an exception
`throwableInformation`. What a Python job prints, its traceback included, is logged line by line at level INFO.

Source: https://docs.aws.amazon.com/managed-flink/latest/java/cloudwatch-logs.html
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_logs import CloudWatchLogsClient

logger = logging.getLogger(__name__)

# CloudFormation takes at most 4 KB per response, and the framework adds its own stack trace.
MESSAGE_LIMIT = 990
# One page is up to 1 MB, newest first: enough to hold a failed start.
PAGES = 5

TRACEBACK = "Traceback (most recent call last):"
CAUSED_BY = "Caused by: "
PYTHON_EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(?:: .*)?")
JAVA_EXCEPTION = re.compile(r":? ?[a-z]\w*(?:\.[\w$]+)+(?:Exception|Error)\b.*")
# What only wraps the cause.
WRAPPERS = re.compile(
    r"Python process exits with code|Run python process failed|ProgramInvocationException|ProgramAbortException"
    r"|CompletionException|ExecutionException|RuntimeException: null$|Py4JJavaError|An error occurred while calling"
)


class LogEvent(NamedTuple):
    """One event of the log."""

    timestamp: int
    message: str


def shortened(text: str, limit: int) -> str:
    """Cut the text to ``limit`` characters, with a sign that it was cut."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def root_cause(logs: CloudWatchLogsClient, log_group_name: str, log_stream_name: str, since: datetime) -> str:
    """Return the job's root cause since that time, in one line; empty when the log has none or cannot be read."""
    try:
        events = newest_events(logs, log_group_name, log_stream_name, since)
    except (ClientError, BotoCoreError):
        # The reason for the failed start is worth telling without the log too.
        logger.exception("the application's log could not be read")
        return ""
    causes = list(dict.fromkeys(causes_in(event.message for event in events)))
    specific = [cause for cause in causes if not WRAPPERS.search(cause)]
    return (specific or causes or [""])[-1]


def newest_events(
    logs: CloudWatchLogsClient, log_group_name: str, log_stream_name: str, since: datetime
) -> list[LogEvent]:
    """Return the events of the newest pages, oldest first."""
    start = int(since.timestamp() * 1000)
    page = logs.get_log_events(
        logGroupName=log_group_name, logStreamName=log_stream_name, startTime=start, startFromHead=False
    )
    events = [LogEvent(event["timestamp"], event["message"]) for event in page["events"]]
    for _ in range(PAGES - 1):
        token = page.get("nextBackwardToken")
        if not token:
            break
        page = logs.get_log_events(
            logGroupName=log_group_name, logStreamName=log_stream_name, startTime=start, nextToken=token
        )
        # The end of the stream returns the token that was passed in.
        if page.get("nextBackwardToken") == token and not page["events"]:
            break
        events = [LogEvent(event["timestamp"], event["message"]) for event in page["events"]] + events
    return events


def causes_in(messages: Iterable[str]) -> Iterable[str]:
    """Yield every cause that the messages name, in their order: the innermost one of each exception."""
    printed: list[str] = []
    for raw in messages:
        entry = parsed(raw)
        text = str(entry.get("message", ""))
        throwable = entry.get("throwableInformation") or ""
        stack = "\n".join(map(str, throwable)) if isinstance(throwable, list) else str(throwable)
        if entry.get("messageType") == "ERROR":
            yield from python_causes(printed)
            printed = []
            yield innermost(stack) or innermost(text) or one_line(text)
        elif stack:
            continue
        else:
            printed.extend(text.splitlines())
    yield from python_causes(printed)


def parsed(raw: str) -> dict[str, Any]:
    """Read one log event; a line that is not a JSON object counts as a plain message."""
    try:
        entry = json.loads(raw)
    except ValueError:
        entry = None
    return entry if isinstance(entry, dict) else {"message": raw}


def innermost(stack: str) -> str:
    """Return the last `Caused by` of a Java stack, else its exception; empty when the text is no stack."""
    lines = stack.splitlines()
    causes = [line.strip().removeprefix(CAUSED_BY) for line in lines if line.strip().startswith(CAUSED_BY)]
    if causes:
        return causes[-1]
    if TRACEBACK in stack:
        return next(iter(reversed(list(python_causes(lines)))), "")
    return lines[0].strip() if lines and JAVA_EXCEPTION.match(lines[0]) else ""


def python_causes(lines: list[str]) -> Iterable[str]:
    """Yield the exception at the end of each traceback, and the innermost Java cause of a py4j one."""
    inside = False
    java = False
    for line in lines:
        if line.startswith(TRACEBACK):
            inside, java = True, False
        elif inside and line[:1].strip() and PYTHON_EXCEPTION.fullmatch(line.rstrip()):
            inside, java = False, "Py4J" in line
            yield line.strip()
        elif java and line.startswith(CAUSED_BY):
            yield line.removeprefix(CAUSED_BY).strip()
        elif java and JAVA_EXCEPTION.match(line):
            yield line.lstrip(": ").strip()


def one_line(text: str) -> str:
    """Join the lines of a text."""
    return " ".join(text.split())
