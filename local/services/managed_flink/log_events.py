"""An application's log, as the service writes it into CloudWatch: one JSON object for each event of Flink's log.

Source: https://docs.aws.amazon.com/managed-flink/latest/java/cloudwatch-logs.html
"""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.services.managed_flink.clock import Clock
from local.services.managed_flink.engine import Job

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient

logger = logging.getLogger(__name__)

_EVENT = re.compile(
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (?P<level>[A-Z]+) +(?P<logger>\S+) +(?:\[[^\]]*\] )?- (?P<text>.*)"
)
_STREAM = re.compile(r"arn:[^:]+:logs:[^:]*:[^:]*:log-group:(?P<group>[^:]+):log-stream:(?P<stream>.+)")
#: What one call takes at most is 10,000 events, and 1 MiB of them.
_BATCH, _LONGEST = 500, 2_000
_EVERY_SECONDS = 0.5


@dataclass
class LogForwarder:
    """Writes what the processes of one job log into the log streams of its application.

    As in AWS, what cannot be written, for the log stream does not exist, is lost.
    """

    job: Job
    folder: Path
    clock: Clock
    client: CloudWatchLogsClient
    _read: dict[Path, int] = field(default_factory=dict, init=False)
    _ended: threading.Event = field(default_factory=threading.Event, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def start(self) -> None:
        """Forward from now on, if there is a log stream."""
        if self.job.log_streams:
            self._thread = threading.Thread(target=self._run, name=f"log of {self.job.application}", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Forward what is left, and no more."""
        self._ended.set()
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join()

    def error(self, message: str) -> None:
        """Write an error of the service itself, after what has been logged so far."""
        self.forward()
        self._put([self._event("ERROR", "com.amazonaws.kinesisanalytics", message)])

    def _run(self) -> None:
        while not self._ended.wait(_EVERY_SECONDS):
            self.forward()
        self.forward()

    def forward(self) -> None:
        """Write what has been logged since the last time."""
        with self._lock:
            events = [event for file in sorted(self.folder.glob("*.log")) for event in self._new_events(file)]
            self._put(events)

    def _new_events(self, file: Path) -> Iterator[dict[str, Any]]:
        with file.open("rb") as log:
            log.seek(self._read.get(file, 0))
            data = log.read()
        if not self._ended.is_set():  # a line that is still being written waits for its end
            data = data[: data.rfind(b"\n") + 1]
        self._read[file] = self._read.get(file, 0) + len(data)
        yield from self._events(data.decode(errors="replace").splitlines())

    def _events(self, lines: Iterable[str]) -> Iterator[dict[str, Any]]:
        """The events of a log: what follows an event is its stack trace, what comes before any was printed."""
        event: dict[str, Any] | None = None
        for line in lines:
            found = _EVENT.match(line)
            if found:
                if event:
                    yield event
                event = self._event(found["level"], found["logger"], found["text"])
            elif event and event["messageType"] in ("ERROR", "WARN"):
                event.setdefault("throwableInformation", []).append(line)
            elif line.strip():
                if event:
                    yield event
                event = self._event("INFO", "stdout", line)
        if event:
            yield event

    def _event(self, level: str, name: str, text: str) -> dict[str, Any]:
        return {
            "applicationARN": self.job.arn,
            "applicationVersionId": str(self.job.version),
            "locationInformation": name,
            "logger": name,
            "message": text[:_LONGEST],
            "messageSchemaVersion": "1",
            "messageType": level,
            "threadName": "main",
        }

    def _put(self, events: list[dict[str, Any]]) -> None:
        now = int(self.clock.now().timestamp() * 1000)
        for arn in self.job.log_streams:
            found = _STREAM.fullmatch(arn)
            for begin in range(0, len(events) if found else 0, _BATCH):
                batch = events[begin : begin + _BATCH]
                try:
                    self.client.put_log_events(
                        logGroupName=found["group"],  # type: ignore[index]
                        logStreamName=found["stream"],  # type: ignore[index]
                        logEvents=[{"timestamp": now, "message": json.dumps(event)} for event in batch],
                    )
                except (ClientError, BotoCoreError) as error:
                    logger.warning("%d events of %s are lost: %s", len(batch), self.job.application, error)
