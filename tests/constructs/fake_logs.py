"""A strict stand-in of CloudWatch Logs for what the lifecycle handler reads."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.constructs.client_model import check, client_error, service_model


class FakeLogs:
    """The log streams, oldest event first; pages of four events, as the tests have few."""

    PAGE = 4

    def __init__(self) -> None:
        self.model = service_model("logs")
        self.streams: dict[tuple[str, str], list[tuple[datetime, str]]] = {}

    def write(self, group: str, stream: str, at: datetime, message: str) -> None:
        self.streams.setdefault((group, stream), []).append((at, message))

    def get_log_events(self, **parameters: Any) -> dict[str, Any]:
        check(self.model, "GetLogEvents", parameters)
        key = (parameters["logGroupName"], parameters["logStreamName"])
        if key not in self.streams:
            raise client_error("ResourceNotFoundException", "GetLogEvents")
        events = [
            {"timestamp": int(at.timestamp() * 1000), "message": message, "ingestionTime": 0}
            for at, message in self.streams[key]
            if at.timestamp() * 1000 >= parameters.get("startTime", 0)
        ]
        end = int(parameters["nextToken"]) if "nextToken" in parameters else len(events)
        begin = max(0, end - self.PAGE)
        response = {"events": events[begin:end], "nextForwardToken": str(end), "nextBackwardToken": str(begin)}
        check(self.model, "GetLogEvents", response, output=True)
        return response
