import pytest

from local.flink.rest import root_cause

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


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (LOGGED, "KafkaSink/topic must be set (got None); write the topic to write to"),
        (PYTHON_IN_JAVA, "ZeroDivisionError: division by zero"),
        (PY4J, 'org.apache.flink.sql.parser.impl.ParseException: Encountered "one" at line 3'),
        (JAVA, "java.net.ConnectException: Connection refused"),
        ("just this line", "just this line"),
        ("", "it said nothing"),
    ],
)
def test_the_root_cause_is_the_innermost_one_in_a_line(text: str, cause: str) -> None:
    assert root_cause(text) == cause
