from typing import Any

import pytest

from local.flink.rest import FlinkRest, Job, root_cause

LOGGED = """Traceback (most recent call last):
ERROR flink_apps: KafkaSink/topic must be set (got None); write the topic to write to
org.apache.flink.client.program.ProgramAbortException: java.lang.RuntimeException: Python process exits with code: 1
"""
PYTHON_IN_JAVA = """java.lang.RuntimeException: Failed to create stage bundle factory! INFO:root:Initializing
\tat org.apache.flink.streaming.api.runners.python.beam.BeamPythonFunctionRunner.createStageBundleFactory(X.java:656)
Caused by: java.util.concurrent.ExecutionException: Error received from SDK harness for instruction 1:
Traceback (most recent call last):
  File "x.py", line 3, in eval
    return 1 / 0
ZeroDivisionError: division by zero
\tat org.apache.beam.Harness.run(Harness.java:1)
"""
JAVA = """org.apache.flink.runtime.JobException: Recovery is suppressed by the strategy
\tat org.apache.flink.runtime.X.y(X.java:139)
Caused by: java.io.IOException: could not write
\tat org.apache.flink.Z.w(Z.java:1)
Caused by: java.net.ConnectException: Connection refused
\t... 5 more
"""
SUPPRESSED = """java.io.IOException: could not commit
\tat org.apache.flink.Z.w(Z.java:1)
\tSuppressed: java.lang.IllegalStateException: closed twice
\t\tat org.apache.flink.Z.close(Z.java:2)
\tCaused by: java.lang.InterruptedException: while it waited
\t\t... 3 more
Caused by: java.io.EOFException: the file ends too early
\t... 5 more
\tSuppressed: java.lang.NullPointerException: also on the way
\t\tat org.apache.flink.Z.close(Z.java:3)
\tCaused by: java.lang.InterruptedException: while it waited
"""
PY4J = """Traceback (most recent call last):
  File "main.py", line 27, in <module>
py4j.protocol.Py4JJavaError: An error occurred while calling o8.executeSql.
: org.apache.flink.table.api.SqlParserException: SQL parse failed.
\tat org.apache.flink.X.y(X.java:1)
Caused by: org.apache.flink.sql.parser.impl.ParseException: Encountered "one" at line 3
\t... 14 more
org.apache.flink.client.program.ProgramAbortException: java.lang.RuntimeException: Python process exits with code: 1
Caused by: java.lang.RuntimeException: Python process exits with code: 1
"""
PYFLINK = """Traceback (most recent call last):
  File "main.py", line 27, in <module>
pyflink.util.exceptions.TableException: org.apache.flink.table.api.TableException: Failed to execute sql
\tat org.apache.flink.X.y(X.java:1)
Caused by: java.lang.IllegalStateException: Max parallelism mismatch
\t... 14 more
"""


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (LOGGED, "KafkaSink/topic must be set (got None); write the topic to write to"),
        (PYTHON_IN_JAVA, "ZeroDivisionError: division by zero"),
        (PY4J, 'org.apache.flink.sql.parser.impl.ParseException: Encountered "one" at line 3'),
        (PYFLINK, "java.lang.IllegalStateException: Max parallelism mismatch"),
        (JAVA, "java.net.ConnectException: Connection refused"),
        (SUPPRESSED, "java.io.EOFException: the file ends too early"),
        ("just this line", "just this line"),
        ("", "it said nothing"),
    ],
)
def test_the_root_cause_is_the_innermost_one_in_a_line(text: str, cause: str) -> None:
    assert root_cause(text) == cause


def failure(cause: str, *concurrent: str) -> dict[str, Any]:
    """An entry of Flink's history of exceptions."""
    return {
        "timestamp": 1,
        "stacktrace": f"org.apache.flink.runtime.JobException: Recovery\nCaused by: {cause}\n\tat a.B.c(B.java:1)\n",
        "concurrentExceptions": [failure(one) for one in concurrent],
    }


SUSPENDING = "org.apache.flink.runtime.checkpoint.CheckpointException: Checkpoint Coordinator is suspending."
NO_SLOTS = "NoResourceAvailableException: Could not acquire the minimum required resources."
LOST = "RemoteTransportException: Connection unexpectedly closed by remote task manager '127.0.0.1:1'."


@pytest.mark.parametrize(
    ("history", "cause"),
    [
        ([failure("disk full"), failure("no such path")], "disk full"),
        ([failure(SUSPENDING), failure(NO_SLOTS), failure("no such path")], "no such path"),
        ([failure(LOST, SUSPENDING, "disk full"), failure("no such path")], "disk full"),
        ([failure(LOST), failure(NO_SLOTS)], LOST),
        ([], "Flink recorded no exception"),
    ],
)
def test_what_another_failure_led_to_is_no_root_cause(
    monkeypatch: pytest.MonkeyPatch, history: list[dict[str, Any]], cause: str
) -> None:
    monkeypatch.setattr(FlinkRest, "get", lambda _rest, _path: {"exceptionHistory": {"entries": history}})
    assert Job(FlinkRest("http://127.0.0.1:1"), "1").root_cause() == cause
