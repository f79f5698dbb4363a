"""The root cause of a failed job, found in its log."""

from __future__ import annotations

from typing import Any, cast

import pytest

from flink_constructs.lifecycle_handler import root_cause
from tests.constructs.lifecycle_world import GROUP, STREAM, World
from tests.managed_flink import START


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], ""),
        ([("INFO", "all is well", None)], ""),
        ([("ERROR", "no  such\ntopic", None)], "no such topic"),
        (
            [
                (
                    "ERROR",
                    "failed",
                    "a.b.OuterException: x\n\tat a.b.C\nCaused by: c.d.InnerException: no topic",
                )
            ],
            "c.d.InnerException: no topic",
        ),
        ([("ERROR", "failed", ["a.b.OnlyException: x", "\tat a.b.C"])], "a.b.OnlyException: x"),
        ([("ERROR", "Traceback (most recent call last):\n  File 1\nKeyError: 'a'", None)], "KeyError: 'a'"),
        (
            [
                ("INFO", "Traceback (most recent call last):\n  File 1", None),
                ("INFO", "py4j.protocol.Py4JJavaError: An error occurred while calling o6.execute.", None),
                ("INFO", ": org.apache.flink.table.api.ValidationException: Unable to create a sink", None),
                ("INFO", "Caused by: org.apache.flink.table.api.ValidationException: no 'topic'", None),
            ],
            "org.apache.flink.table.api.ValidationException: no 'topic'",
        ),
        ([("ERROR", "Python process exits with code: 1", None)], "Python process exits with code: 1"),
        (
            [("ERROR", "a.b.RealException: x", None), ("WARN", "later", "a.b.WarnedException: y")],
            "a.b.RealException: x",
        ),
    ],
)
def test_the_root_cause_is_what_wraps_nothing(
    entries: list[tuple[str, str, str | list[str] | None]], expected: str
) -> None:
    world = World()
    for level, message, throwable in entries:
        world.log(level, message, throwable)
    assert root_cause.root_cause(cast(Any, world.logs), GROUP, STREAM, START) == expected


def test_a_log_line_that_is_no_json_object_is_read_as_text() -> None:
    lines = ["Traceback (most recent call last):", "  File", '"text"', "OSError: disk full"]
    assert list(root_cause.causes_in(lines)) == ["OSError: disk full"]
