"""The data generator for real: Flink, Kafka and Kinesis as processes, and things going wrong."""

import json
import math
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flink_apps.data_generator.logic import RateMeter
from flink_apps.data_generator.metrics import PARALLELISM_METRIC, RECORD_COUNT_METRIC, RECORD_RATE_METRIC
from flink_apps.data_generator.records.stock_price import STOCK_PRICE, TICKERS
from local.errors import RunError
from local.flink.rest import Job
from local.process import Process
from local.run import LocalRun
from local.scenarios.data_generator.scenario import records_generated
from local.services.kafka import KafkaService
from local.services.kinesis import KinesisService
from local.synth import synthesize
from tests.dashboards.bodies import graphs, lines
from tests.local.failures import wait_for
from tests.stacks.variants import make

pytestmark = [pytest.mark.integration, pytest.mark.paced]

RATE = 2000
PARALLELISM = 2
FROZEN_SECONDS = 15
REPORTS_A_MINUTE = 4  # the managed service's
CATCH_UP_SECONDS = 10  # the tick source's default


@dataclass
class Story:
    """What the tests below are told of the run."""

    refusals: dict[str, str] = field(default_factory=dict)
    reports: dict[str, list[float]] = field(default_factory=dict)
    reported: tuple[datetime, datetime] = (datetime.min.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC))
    on_time: list[tuple[float, int]] = field(default_factory=list)
    steady: tuple[datetime, datetime] = (datetime.min.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC))
    safe_before_the_crash: int = 0
    generated_before_the_crash: int = 0
    generated_after_the_crash: int = 0
    running_seconds_after_the_crash: float = 0.0
    shards: int = 0
    kafka: list[tuple[int, str, bytes]] = field(default_factory=list)
    kinesis: list[tuple[str, str, bytes]] = field(default_factory=list)
    processes: list[Process] = field(default_factory=list)
    folder: Path = Path()


def generated(job: Job) -> int:
    """The records generated so far: Flink answers with what it knew when it was asked before, and looks afresh then."""
    for _ in range(3):
        records_generated(job)
        time.sleep(0.7)
    return records_generated(job)


def settle(job: Job) -> None:
    """Wait until no stall of the machine is in the windows of the subtasks' rates, but not for ever."""
    for _ in range(30):
        if sum(job.metric_values(RECORD_RATE_METRIC)) == pytest.approx(RATE, rel=0.05):
            break
        time.sleep(1)


def note_reports(job: Job, story: Story) -> None:
    """Note what CloudWatch gets in a minute, faster: four reports of each metric from every subtask."""
    began = datetime.now(UTC)
    for _ in range(REPORTS_A_MINUTE):
        for name in (RECORD_COUNT_METRIC, RECORD_RATE_METRIC, PARALLELISM_METRIC):
            story.reports.setdefault(name, []).extend(job.metric_values(name))
        time.sleep(1.5)
    story.reported = began, datetime.now(UTC)


def note_progress(job: Job, story: Story, seconds: float) -> None:
    """Note, several times, how much has been generated after how long."""
    began, end = datetime.now(UTC), time.monotonic() + seconds
    while time.monotonic() < end:
        count = generated(job)
        story.on_time.append((job.running_seconds(), count))
    story.steady = began, datetime.now(UTC)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("run")
    context = {
        "data-generator.sinks": "kinesis,kafka",
        "data-generator.records-per-second": str(RATE),
        "data-generator.parallelism": str(PARALLELISM),
        "data-generator.checkpoint-seconds": "2",
    }
    assembly = synthesize("data-generator", context, folder / "cdk.out")
    with LocalRun(assembly, folder) as run:
        told = tell(run)
        told.processes, told.folder = [process for process in run.processes if process.running], folder
    return told


def tell(run: LocalRun) -> Story:
    """Run the job through a wrong start, a crash and an outage; gives all that arrived."""
    story = Story()
    run.start()
    kafka, kinesis = run.service(KafkaService), run.service(KinesisService)
    story.shards = len(kinesis.client.list_shards(StreamName=kinesis.stream_names()[0])["Shards"])

    story.refusals = refusals(run)
    job = run.submit()
    wait_for("the start", lambda: job.running_seconds() > 0 and records_generated(job) > 0)
    settle(job)
    note_progress(job, story, seconds=6)
    settle(job)
    note_reports(job, story)

    crash(run, job, story)
    freeze(run, job)

    story.running_seconds_after_the_crash = job.running_seconds()
    run.stop_job(job)
    story.generated_after_the_crash = run.cluster.final_count(job, RECORD_COUNT_METRIC)
    story.kafka = [
        (message.partition(), message.key().decode(), message.value())
        for message in kafka.records(kafka.topic_names()[0])
    ]
    story.kinesis = [
        (shard, record["PartitionKey"], record["Data"]) for shard, record in kinesis.records(kinesis.stream_names()[0])
    ]
    return story


def refusals(run: LocalRun) -> dict[str, str]:
    """What an application with wrong properties says."""
    code = run.folder / "code"
    run.assembly.unpack_code(code)
    groups = run.property_groups()
    wrong = {
        "malformed ARN": {**groups, "KinesisSink": {"stream.arn": "arn:aws:kinesis:stream"}},
    }
    said = {}
    for name, properties in wrong.items():
        with pytest.raises(RunError) as refused:
            run.cluster.submit(code, properties)
        said[name] = str(refused.value)
    return said


def crash(run: LocalRun, job: Job, story: Story) -> None:
    """Kill a TaskManager, as a lost machine would be, and give the cluster another one."""
    story.safe_before_the_crash = generated(job)
    completed = job.checkpoints_completed()
    wait_for("two checkpoints", lambda: job.checkpoints_completed() >= completed + 2)
    story.generated_before_the_crash = generated(job)
    run.cluster.task_managers[0].kill()
    replacement = run.cluster.new_task_manager(len(run.cluster.task_managers) + 1)
    run.cluster.task_managers.append(replacement)
    replacement.start()
    wait_for("the notice of the crash", lambda: job.running_seconds() == 0)
    wait_for("the restart", lambda: job.running_seconds() > 5)
    # Every producer has written something: a broker takes any sequence number for a new one's first, so that one whose
    # very first batch is refused while the next is not is out of order until its delivery times out, minutes later.
    completed = job.checkpoints_completed()
    wait_for("a checkpoint after the restart", lambda: job.checkpoints_completed() > completed)


def freeze(run: LocalRun, job: Job) -> None:
    """Have broker and emulator answer nobody for a while."""
    for service in run.services:
        service.process.freeze()
    time.sleep(FROZEN_SECONDS)
    for service in run.services:
        service.process.thaw()
    completed = job.checkpoints_completed()
    wait_for("a checkpoint after the outage", lambda: job.checkpoints_completed() > completed)
    time.sleep(5)


def test_a_malformed_arn_is_refused_at_the_start_in_one_line(story: Story) -> None:
    assert "KinesisSink/stream.arn must be the ARN of a Kinesis stream" in story.refusals["malformed ARN"]
    assert "\n" not in story.refusals["malformed ARN"]


def test_the_stream_has_the_templates_shards_enough_for_the_rate_and_a_quarter(story: Story) -> None:
    assert story.shards == 3


def test_every_record_has_the_schema(story: Story) -> None:
    for _, _, value in story.kafka[:5000] + story.kinesis[:5000]:
        record = json.loads(value)
        assert list(record) == [column.name for column in STOCK_PRICE.columns]
        assert datetime.fromisoformat(record["event_time"]).tzinfo is None
        assert len(record["event_time"]) == len("2024-01-15T10:30:45.123")
        assert record["ticker"] in TICKERS
        assert 0 <= record["price"] <= 100
        assert record["price"] == round(record["price"], 2)


def test_all_tickers_come_about_equally_often(story: Story) -> None:
    counts = Counter(key for _, key, _ in story.kafka)
    assert set(counts) == set(TICKERS)
    assert max(counts.values()) < 1.2 * min(counts.values())


@pytest.mark.parametrize("sink", ["kafka", "kinesis"])
def test_a_sink_is_partitioned_by_ticker(story: Story, sink: str) -> None:
    places = defaultdict(set)
    for place, key, value in getattr(story, sink):
        assert json.loads(value)["ticker"] == key
        places[key].add(place)
    assert all(len(where) == 1 for where in places.values())
    assert len(set.union(*places.values())) > 1


def test_the_rate_is_met_at_any_time_while_all_is_well(story: Story) -> None:
    for seconds, count in story.on_time:
        assert count == pytest.approx(RATE * seconds, abs=2.5 * RATE)  # the metrics are a second or two old


def arrived(story: Story, began: datetime, ended: datetime) -> int:
    """The records in the topic that were made in an interval."""
    times = [datetime.fromisoformat(json.loads(value)["event_time"] + "+00:00") for _, _, value in story.kafka]
    return sum(began <= time < ended for time in times)


def arrived_a_second(story: Story, began: datetime, ended: datetime) -> float:
    """The same, per second of the interval."""
    return arrived(story, began, ended) / (ended - began).total_seconds()


def test_every_second_has_its_share_of_records(story: Story) -> None:
    assert arrived_a_second(story, *story.steady) == pytest.approx(RATE, rel=0.05)


def plotted(title: str, reports: Mapping[str, Sequence[float]]) -> float:
    """What a graph of the stack's dashboard shows for a minute in which its metrics had these reports."""
    graph = lines(graphs(make({"scenario": "data-generator"}).stack)[title])
    statistic: dict[str, Callable[[Sequence[float]], float]] = {"Average": statistics.mean, "SampleCount": len}
    values = {
        line.options["id"]: statistic[line.options.get("stat", "Average")](reports[line.name])
        for line in graph
        if line.namespace
    }
    [formula] = [line.name for line in graph if not line.namespace]
    functions = {"FLOOR": math.floor, "PERIOD": lambda _: 60}
    return float(eval(formula, functions, values))  # noqa: S307 - our own formula, of numbers


def test_every_subtask_reports_each_metric(story: Story) -> None:
    counts = {name: len(reports) for name, reports in story.reports.items()}
    names = (RECORD_COUNT_METRIC, RECORD_RATE_METRIC, PARALLELISM_METRIC)
    assert counts == dict.fromkeys(names, PARALLELISM * REPORTS_A_MINUTE)
    assert set(story.reports[PARALLELISM_METRIC]) == {PARALLELISM}


def test_the_dashboards_rate_is_that_at_which_records_arrive(story: Story) -> None:
    began, ended = story.reported
    window = timedelta(seconds=RateMeter().window_seconds)
    true_rate = arrived_a_second(story, began - window, ended)
    assert plotted("Generated (records/s)", story.reports) == pytest.approx(true_rate, rel=0.05)


def test_the_dashboards_count_is_what_all_subtasks_have_generated(story: Story) -> None:
    began, ended = story.reported
    so_far = arrived(story, datetime.min.replace(tzinfo=UTC), began + (ended - began) / 2)
    shown = plotted("Generated since the start (records)", story.reports)
    assert shown == pytest.approx(so_far, abs=2.5 * RATE)  # the metrics are a second or two old


@pytest.mark.parametrize("sink", ["kafka", "kinesis"])
def test_nothing_is_lost_when_a_task_manager_is_killed_or_the_sinks_are_away(story: Story, sink: str) -> None:
    arrived = len(getattr(story, sink))
    assert arrived >= story.safe_before_the_crash + story.generated_after_the_crash
    # At least once: what came after the last checkpoint, until Flink noticed the crash, comes twice.
    seconds_twice = 10
    if sink == "kafka":  # its producer is idempotent; the other may send what was on its way twice
        assert arrived <= story.generated_before_the_crash + story.generated_after_the_crash + seconds_twice * RATE


def test_an_outage_is_made_up_for_only_as_far_as_the_catch_up_goes(story: Story) -> None:
    lost = FROZEN_SECONDS - CATCH_UP_SECONDS
    due = RATE * story.running_seconds_after_the_crash
    assert story.generated_after_the_crash <= due + RATE
    assert story.generated_after_the_crash >= due - RATE * (lost + 4)


def test_the_run_leaves_nothing_but_its_logs(story: Story) -> None:
    assert len(story.processes) == 5, "a broker, an emulator, a JobManager and two TaskManagers"
    assert not any(process.running for process in story.processes)
    assert not (story.folder / "cdk.out").exists()
    assert (story.folder / "flink" / "log" / "jobmanager.log").exists()
