"""The table sink ``prometheus-remote-write``: Flink jobs against a real Prometheus.

Before it stands a workspace that verifies signatures and fails as told. A job's metric has the job's name, and its
sample ``n`` the value ``n / 3``, a tenth of a second after the one before.
"""

from __future__ import annotations

import itertools
import json
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.credentials import Credentials

from flink_apps.common.sql import literal
from flink_constructs.connector_jar import ConnectorJar
from local.process import free_port
from local.services.prometheus import PrometheusService
from local.template import Template
from tests.flink_apps.embedded import ROOT, run_to_end
from tests.flink_apps.signed_prometheus import SLOW_SECONDS, SignedPrometheus
from tests.flink_apps.signed_server import NOT_AUTHORIZED, REGION, CredentialsSource, role_environment, serving
from tests.flink_apps.statements import ENDLESS, numbers
from tests.local.started import started

OPTIONS = ROOT / "flink_apps/connectors/prometheus/src/main/java/flinkscenarios/prometheus/PrometheusOptions.java"

#: It would spend most of its time on compiling.
SHORT_LIVED_JVM = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"

#: Before all samples, and near enough: Prometheus takes none that is an hour older than another.
START = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
START_MILLIS = int(START.timestamp()) * 1000
BATCH = 50
SAMPLES = 1000
#: Odd: tasks that took turns would have each series in two of them.
SERIES = 7
#: As many as a batch has samples: a request that comes twice has the newest sample of each, which Prometheus allows.
MANY = BATCH

INSERT = "INSERT INTO samples SELECT"
NUMBERS = "numbers"
GOES_ON = "(SELECT n FROM numbers UNION ALL SELECT n FROM endless WHERE n IS NULL)"
TIME = f"{START_MILLIS} + 100 * n"
THIRD = "CAST(n AS DOUBLE) / 3"

#: Each meets a batch of its own.
FAULTS = ["429", "500", "503", "cut", "slow", "done, cut", "done, slow"]
#: The second batch.
LOST = range(BATCH + 1, 2 * BATCH + 1)

#: Metric, series, tenths of a second, value; two in a request.
DISORDERED = [
    *[("a", 1, 1.0), ("a", 2, 2.0)],
    *[("a", 1, 1.5), ("b", 1, 1.0)],  # out of order
    *[("a", 2, 2.0), ("b", 2, 2.0)],  # the same once more, which is allowed
    *[("a", 2, 2.5), ("b", 3, 3.0)],  # another value at the same time
    *[("c", -108_000, 1.0), ("b", 4, 4.0)],  # three hours old
    *[("a", 3, 3.0), ("b", 5, 5.0)],
]

#: A refused request is split, or not sent again, as is the default for one that is signed.
SPLIT, WHOLE = {"split_refused_requests": "true"}, {"split_refused_requests": "false"}

#: Metric, label; the good ones are ``illegal`` with the label ``Series``.
ILLEGAL = [("0illegal", "Series"), ("il-legal", "Series"), ("", "Series"), ("illegal", "Se-ries"), ("illegal", "a:b")]


class OtherSecrets(CredentialsSource):
    """Credentials whose secret is not the one that was issued: as if the job had a wrong one."""

    def __init__(self, issuer: CredentialsSource) -> None:
        super().__init__()
        self._issuer = issuer

    def redeem(self, access_key: str) -> Credentials | None:
        issued = self._issuer.redeem(access_key)
        return issued and Credentials(issued.access_key, "another", issued.token)


@dataclass(frozen=True, kw_only=True)
class Job:
    """What Flink is told."""

    statements: Sequence[str]
    config: Mapping[str, str] = field(default_factory=dict)
    #: How many samples to wait for; none for a job that ends by itself.
    samples: int | None = None


def sink(workspace: SignedPrometheus, timestamp: str = "BIGINT", **options: str) -> str:
    given = {
        "connector": "prometheus-remote-write",
        "metric.endpoint-url": workspace.url,
        "region": REGION,
        "max-batch-size-in-samples": str(BATCH),
        "socket-timeout-ms": "30000",  # a busy machine is no fault
        **{name.replace("_", "-"): value for name, value in options.items()},
    }
    pairs = ", ".join(f"'{name}' = '{value}'" for name, value in given.items())
    columns = f"metric_name STRING, labels MAP<STRING, STRING>, `value` DOUBLE, `timestamp` {timestamp}"
    return f"CREATE TABLE samples ({columns}) WITH ({pairs})"


def samples(into: str, *, metric: str, labels: str, value: str, time: str, count: int, ends: bool = False) -> Job:
    """Samples of the numbers from 1 to ``count``, by SQL expressions of ``n``; few jobs shall end by themselves."""
    insert = f"{INSERT} {metric}, {labels}, {value}, {time} FROM {NUMBERS if ends else GOES_ON}"
    return Job(statements=[numbers(count), ENDLESS, into, insert], samples=None if ends else count)


def of_numbers(name: str, into: str, *, count: int = 3 * BATCH, series: int = 1, ends: bool = False) -> Job:
    """Samples of a number of series, those of each in their order."""
    labels = f"MAP['Series', CAST(MOD(n, {series}) AS STRING)]"
    return samples(into, metric=f"'{name}'", labels=labels, value=THIRD, time=TIME, count=count, ends=ends)


def unsorted(workspace: SignedPrometheus) -> Job:
    """Let two tasks send the samples of one, of seven series whose labels come in two orders, none of them sorted."""
    zone, series, area = "'zone', 'Lilienstraße'", f"'Series', CAST(MOD(n, {SERIES}) AS STRING)", "'area', 'JFK'"
    one, other = f"MAP[{zone}, {series}, {area}]", f"MAP[{area}, {zone}, {series}]"
    return samples(
        sink(workspace, "TIMESTAMP_LTZ(3)", max_time_in_buffer_ms="200", **{"sink.parallelism": "2"}),
        metric="'signed'",
        labels=f"CASE WHEN MOD(n, {2 * SERIES}) < {SERIES} THEN {one} ELSE {other} END",
        value=THIRD,
        time=f"TO_TIMESTAMP_LTZ({TIME}, 3)",
        count=SAMPLES,
    )


def of_rows(rows: Sequence[tuple[str, str, str, int, float]], into: str) -> Job:
    """Samples by metric, name and value of a label, tenths of a second, value."""
    # Flink reads each row of VALUES by a task of its own, in any order.
    metrics, names, texts, tenths, values = (
        f"ARRAY[{', '.join(map(constant, column))}][CAST(n AS INT)]" for column in zip(*rows, strict=True)
    )
    time = f"{START_MILLIS} + 100 * {tenths}"
    return samples(into, metric=metrics, labels=f"MAP[{names}, {texts}]", value=values, time=time, count=len(rows))


def constant(value: str | float) -> str:
    """A text, a whole number or a DOUBLE in SQL."""
    match value:
        case str():
            return literal(value)
        case int():
            return str(value)
        case _:
            return f"{value!r}E0"


def disordered(name: str, workspace: SignedPrometheus, **options: str) -> Job:
    rows = [(name, "Series", series, tenths, value) for series, tenths, value in DISORDERED]
    return of_rows(rows, sink(workspace, max_batch_size_in_samples="2", **options))


def illegal(workspace: SignedPrometheus) -> Job:
    """Send an illegal sample after each good one."""
    rows = []
    for n, (metric, label) in enumerate(ILLEGAL, start=1):
        rows += [("illegal", "Series", "0", n, n / 3), (metric, label, "0", n, n / 3)]
    return of_rows(rows, sink(workspace, max_time_in_buffer_ms="200"))


def restarted(workspace: SignedPrometheus) -> Job:
    """Send series of many samples in two bursts with checkpoints, and start again after each of two failures.

    The first burst leaves three samples in the buffer, which the first failure takes along.
    """
    config = {
        "execution.checkpointing.interval": "100 ms",
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.delay": "100 ms",
        "restart-strategy.fixed-delay.attempts": "2",
    }
    count = 12 * BATCH + 7
    _, *others = of_numbers("restarted", sink(workspace, **SPLIT), count=count, series=SERIES, ends=True).statements
    return Job(statements=[numbers(count, per_second=count // 2), *others], config=config)


@dataclass(frozen=True, kw_only=True)
class Runs:
    """What has become of the jobs."""

    prometheus: PrometheusService
    workspaces: Mapping[str, SignedPrometheus]
    outcomes: Mapping[str, Mapping[str, Any]]

    def of(self, name: str) -> SignedPrometheus:
        """The workspace of a job that has not failed."""
        assert self.outcomes[name]["failure"] is None
        return self.workspaces[name]

    def failure(self, name: str) -> str:
        """What a job has failed with."""
        failure = self.outcomes[name]["failure"]
        assert failure is not None
        return str(failure)

    def counted(self, name: str) -> dict[str, int]:
        """What the sink of a job has counted, without the prefix that all have, and without what it has not."""
        self.of(name)
        counters: dict[str, int] = self.outcomes[name]["counters"]
        return {counter.removeprefix("num"): count for counter, count in counters.items() if count}

    def stored(self, name: str) -> dict[str, list[tuple[float, float]]]:
        """The samples of a job by series: tenths of a second, values."""
        found = self.prometheus.samples(name)
        assert len({one.labels["Series"] for one in found}) == len(found)
        return {
            one.labels["Series"]: [((at - START) / timedelta(seconds=0.1), value) for at, value in one.samples]
            for one in found
        }


def expected(numbers: Sequence[int], *, series: int = 1) -> dict[str, list[tuple[float, float]]]:
    """The samples of numbers by series."""
    found: dict[str, list[tuple[float, float]]] = {}
    for n in numbers:
        found.setdefault(str(n % series), []).append((n, n / 3))
    return found


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusService]:
    with started(PrometheusService(Template({"Resources": {}}), tmp_path_factory.mktemp("prometheus"))) as service:
        yield service


@pytest.fixture(scope="module")
def runs(prometheus: PrometheusService, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    source = CredentialsSource()

    def workspace(*faults: str, source: CredentialsSource = source) -> SignedPrometheus:
        return SignedPrometheus(source=source, write_url=prometheus.write_url, faults=deque(faults))

    workspaces = {
        "signed": workspace(),
        "faults": workspace(*(answer for fault in FAULTS for answer in (fault, ""))),
        "repeated": workspace("", "done, cut"),
        "refused": workspace("", "400"),
        "partly": workspace("", "done, 400"),
        "exhausted": workspace("", "503", "503"),
        "disordered": workspace(),
        "split": workspace(),
        "illegal": workspace(),
        "denied": workspace(source=OtherSecrets(source)),
        "missing": workspace("404"),
        "restarted": workspace(*[""] * 6, "403", "", "", "403"),
    }
    patience = str(int(SLOW_SECONDS * 1000) - 500)
    folder = tmp_path_factory.mktemp("jobs")
    jar = ConnectorJar(project=ROOT / "flink_apps", module="prometheus_metrics").build(ROOT / "build" / "jars")
    with ExitStack() as stack:
        for one in workspaces.values():
            stack.enter_context(serving(one))
        into = {name: sink(one) for name, one in workspaces.items()}
        discarding = sink(workspaces["exhausted"], max_retry_count="1", on_max_retry_exceeded="DISCARD_AND_CONTINUE")
        faulty = sink(workspaces["faults"], socket_timeout_ms=patience)
        jobs = {
            "signed": unsorted(workspaces["signed"]),
            "faults": of_numbers("faults", faulty, count=10 * BATCH, series=MANY),
            "repeated": of_numbers("repeated", sink(workspaces["repeated"], **WHOLE)),
            "refused": of_numbers("refused", sink(workspaces["refused"], **WHOLE)),
            "partly": of_numbers("partly", into["partly"]),
            "exhausted": of_numbers("exhausted", discarding),
            "disordered": disordered("disordered", workspaces["disordered"], **WHOLE),
            "split": disordered("split", workspaces["split"], **SPLIT),
            "illegal": illegal(workspaces["illegal"]),
            "denied": of_numbers("denied", into["denied"], ends=True),
            "missing": of_numbers("missing", into["missing"], ends=True),
            "restarted": restarted(workspaces["restarted"]),
        }
        shared = {"restart-strategy.type": "none", "metrics.fetcher.update-interval": "50"}
        orders = [
            {
                "statements": job.statements,
                "config": {**shared, "rest.bind-port": str(free_port()), **job.config},
                "samples": job.samples,
                "outcome": str(folder / name),
            }
            for name, job in jobs.items()
        ]
        environment = {**role_environment(workspaces["signed"], folder), "JVM_ARGS": SHORT_LIVED_JVM}
        run_to_end("prometheus_jobs.py", jar, orders, folder / "log", environment=environment)
    outcomes = {name: json.loads((folder / name).read_text()) for name in jobs}
    return Runs(prometheus=prometheus, workspaces=workspaces, outcomes=outcomes)


@pytest.mark.integration
def test_samples_come_back_as_they_were_sent(runs: Runs) -> None:
    runs.of("signed")
    assert runs.stored("signed") == expected(range(1, SAMPLES + 1), series=SERIES)
    others = {(one.labels["zone"], one.labels["area"]) for one in runs.prometheus.samples("signed")}
    assert others == {("Lilienstraße", "JFK")}


@pytest.mark.integration
def test_two_tasks_share_the_series(runs: Runs) -> None:
    together = {frozenset(dict(one.labels)["Series"] for one in write) for write in runs.of("signed").writes}
    tasks = [series for series in together if not any(series < other for other in together)]
    assert len(tasks) == 2
    assert sorted(series for task in tasks for series in task) == [str(n) for n in range(SERIES)]


@pytest.mark.integration
def test_two_tasks_reorder_no_series(runs: Runs) -> None:
    workspace = runs.of("signed")
    assert set(workspace.statuses) == {204}
    assert runs.counted("signed") == {"SamplesOut": SAMPLES, "WriteRequestsOut": len(workspace.writes)}


@pytest.mark.integration
def test_labels_are_sent_sorted_in_whatever_order_they_are_given(runs: Runs) -> None:
    orders = {tuple(name for name, _ in one.labels) for write in runs.of("signed").writes for one in write}
    assert orders == {("Series", "__name__", "area", "zone")}


@pytest.mark.integration
def test_every_request_is_verified_with_the_credentials_of_the_moment(runs: Runs) -> None:
    workspace = runs.of("signed")
    assert workspace.denied == []
    assert len(workspace.keys) == len(workspace.writes) >= SAMPLES / BATCH
    assert len(set(workspace.keys)) == len(workspace.keys)  # they changed each time


@pytest.mark.integration
def test_the_sink_has_the_metrics_of_the_public_one_and_one_more(runs: Runs) -> None:
    runs.of("signed")
    assert set(runs.outcomes["signed"]["counters"]) == {
        "numSamplesOut",
        "numWriteRequestsOut",
        "numWriteRequestsRetries",
        "numSamplesDropped",
        "numSamplesNonRetryableDropped",
        "numSamplesRefusedPerhapsStored",
        "numSamplesRetryLimitDropped",
        "numWriteRequestsPermanentlyFailed",
    }


@pytest.mark.integration
def test_a_fault_that_passes_loses_nothing(runs: Runs) -> None:
    assert not runs.of("faults").faults
    assert runs.stored("faults") == expected(range(1, 10 * BATCH + 1), series=MANY)


@pytest.mark.integration
def test_a_request_is_repeated_in_its_place_until_it_gets_through(runs: Runs) -> None:
    writes = runs.of("faults").writes
    batches = [write for write, _ in itertools.groupby(writes)]
    times = [millis for batch in batches for series in batch for millis, _ in series.samples]
    assert times == [START_MILLIS + 100 * n for n in range(1, 10 * BATCH + 1)]
    counted = runs.counted("faults")
    assert counted.pop("WriteRequestsRetries") == len(writes) - 10 >= len(FAULTS)
    assert counted == {"SamplesOut": 10 * BATCH, "WriteRequestsOut": 10}


@pytest.mark.integration
def test_a_repeated_request_of_which_prometheus_has_newer_samples_is_refused_and_loses_nothing(runs: Runs) -> None:
    assert runs.of("repeated").statuses == [204, 204, 400, 204]
    assert runs.stored("repeated") == expected(range(1, 3 * BATCH + 1))
    counted = runs.counted("repeated")
    assert counted["SamplesOut"] == 2 * BATCH
    assert counted["SamplesRefusedPerhapsStored"] == BATCH
    assert "SamplesDropped" not in counted


@pytest.mark.integration
def test_a_request_of_which_a_server_has_stored_the_good_part_is_not_sent_again_and_not_called_dropped(
    runs: Runs,
) -> None:
    assert len(runs.of("partly").writes) == 3
    assert runs.stored("partly") == expected(range(1, 3 * BATCH + 1))
    assert runs.counted("partly") == {
        "SamplesOut": 2 * BATCH,
        "WriteRequestsOut": 2,
        "SamplesRefusedPerhapsStored": BATCH,
        "WriteRequestsPermanentlyFailed": 1,
    }


@pytest.mark.integration
@pytest.mark.parametrize("name", ["refused", "exhausted"])
def test_a_batch_that_is_discarded_is_discarded_whole_and_the_job_goes_on(runs: Runs, name: str) -> None:
    runs.of(name)
    assert runs.stored(name) == expected([n for n in range(1, 3 * BATCH + 1) if n not in LOST])


@pytest.mark.integration
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("refused", {"SamplesRefusedPerhapsStored": BATCH}),
        ("exhausted", {"SamplesDropped": BATCH, "SamplesRetryLimitDropped": BATCH, "WriteRequestsRetries": 1}),
    ],
)
def test_a_discarded_batch_is_counted_with_its_reason(runs: Runs, name: str, reason: Mapping[str, int]) -> None:
    shared = {
        "SamplesOut": 2 * BATCH,
        "WriteRequestsOut": 2,
        "WriteRequestsPermanentlyFailed": 1,
    }
    assert runs.counted(name) == {**shared, **reason}


@pytest.mark.integration
def test_a_sample_out_of_order_or_too_old_costs_itself_alone(runs: Runs) -> None:
    assert runs.of("split").statuses == [204, *(400, 400, 204), 204, *(400, 400, 204), *(400, 400, 204), 204]
    assert runs.stored("split") == {
        "a": [(1, 1.0), (2, 2.0), (3, 3.0)],
        "b": [(tenths, float(tenths)) for tenths in range(1, 6)],
    }
    assert runs.counted("split") == {
        "SamplesOut": 9,
        "WriteRequestsOut": 6,
        "SamplesDropped": 3,
        "SamplesNonRetryableDropped": 3,
        "WriteRequestsPermanentlyFailed": 3,
    }


@pytest.mark.integration
def test_where_requests_are_not_split_a_sample_out_of_order_costs_all_of_its_request(runs: Runs) -> None:
    assert runs.of("disordered").statuses == [204, 400, 204, 400, 400, 204]
    assert runs.stored("disordered") == {"a": [(1, 1.0), (2, 2.0), (3, 3.0)], "b": [(2, 2.0), (5, 5.0)]}


@pytest.mark.integration
def test_what_prometheus_refuses_is_counted(runs: Runs) -> None:
    assert runs.counted("disordered") == {
        "SamplesOut": 6,
        "WriteRequestsOut": 3,
        "SamplesRefusedPerhapsStored": 6,
        "WriteRequestsPermanentlyFailed": 3,
    }


@pytest.mark.integration
def test_an_illegal_name_costs_its_own_sample_alone(runs: Runs) -> None:
    runs.of("illegal")
    assert runs.stored("illegal") == expected(range(1, len(ILLEGAL) + 1))
    counted = runs.counted("illegal")
    assert (counted["SamplesOut"], counted["SamplesDropped"]) == (len(ILLEGAL), len(ILLEGAL))
    assert "WriteRequestsPermanentlyFailed" not in counted


@pytest.mark.integration
@pytest.mark.parametrize(
    ("name", "answer", "fix"),
    [
        ("denied", f"status 403: {NOT_AUTHORIZED}", "allow the job's role aps:RemoteWrite on the workspace"),
        ("missing", "status 404: told to fail", "check 'metric.endpoint-url'"),
    ],
)
def test_a_workspace_that_takes_nothing_fails_the_job_with_its_address(
    runs: Runs, name: str, answer: str, fix: str
) -> None:
    url = runs.workspaces[name].url
    assert f"Prometheus at {url} must accept remote write requests (got {answer}); {fix}" in runs.failure(name)


@pytest.mark.integration
def test_a_signature_with_a_wrong_secret_is_not_let_in(runs: Runs) -> None:
    workspace = runs.workspaces["denied"]
    (denied,) = workspace.denied
    assert denied.startswith("wrong signature")
    assert runs.prometheus.count("denied") == 0


@pytest.mark.integration
def test_a_restart_from_a_checkpoint_loses_nothing_and_repeats_harmlessly(runs: Runs) -> None:
    workspace = runs.of("restarted")
    count = 12 * BATCH + 7
    assert not workspace.faults
    assert runs.stored("restarted") == expected(range(1, count + 1), series=SERIES)
    assert 400 in workspace.statuses, "what Prometheus has already is refused, and takes nothing new along"


# Without a server


@pytest.mark.parametrize(
    ("option", "default"),
    [
        ("max-batch-size-in-samples", "500"),
        ("max-time-in-buffer-ms", "5000"),
        ("initial-retry-delay-ms", "30"),
        ("max-retry-delay-ms", "5000"),
        ("on-max-retry-exceeded", "OnError.FAIL.toString()"),
        ("on-non-retryable", "OnError.DISCARD_AND_CONTINUE.toString()"),
    ],
)
def test_an_option_has_the_default_of_the_public_sink(option: str, default: str) -> None:
    declared = re.search(rf'key\("{option}"\)\s+\.\w+Type\(\)\s+\.defaultValue\((.+)\)', OPTIONS.read_text())
    assert declared
    assert declared[1] == default
