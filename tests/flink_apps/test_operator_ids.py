"""The ids of all operators: what a savepoint's state is found by."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from flink_constructs.connector_jar import ConnectorJar
from tests.flink_apps.embedded import ROOT, run_to_end

pytestmark = pytest.mark.integration

#: What they were when state was last kept: a change makes state start empty. See "What may change" in the READMEs.
KNOWN = Path(__file__).with_name("operator_ids.json")
STREAM = "arn:aws:kinesis:eu-west-1:123456789012:stream/"
DOMAIN = "https://trips.eu-west-1.es.amazonaws.com"


class Variant(NamedTuple):
    scenario: str
    groups: Mapping[str, Mapping[str, str]]
    parallelism: int = 1


_ETL_SOURCES = {
    "kinesis": {"InputKinesisStream": "in", "InputStreamRegion": "eu-west-1"},
    "kafka": {"InputKafkaBootstrapServers": "b-1:9098", "InputKafkaTopic": "in"},
}
_ETL_SINKS = {
    "kinesis": {"OutputKinesisStream": "out", "OutputStreamRegion": "eu-west-1"},
    "kafka": {"OutputKafkaBootstrapServers": "b-1:9098", "OutputKafkaTopic": "out"},
    "s3": {"OutputBucket": "trips"},
    "opensearch": {"OutputOpenSearchEndpoint": DOMAIN, "OpenSearchRegion": "eu-west-1"},
}
_DEAD_LETTERS = {
    "bucket": {"DeadLetterBucket": "bad"},
    "stream": {"DeadLetterKinesisStream": "bad", "DeadLetterStreamRegion": "eu-west-1"},
    "topic": {"DeadLetterKafkaTopic": "bad"},
}
_SETS = [
    *((sink,) for sink in _ETL_SINKS),
    ("kinesis", "s3"),
    ("s3", "opensearch"),
    ("kafka", "s3", "opensearch"),
    tuple(_ETL_SINKS),
]
#: The sinks do not depend on the source: with the second one only a few sets.
_SETS_OF = {"kinesis": _SETS, "kafka": [("kafka",), ("s3",), ("kafka", "s3", "opensearch")]}


def etl(source: str, sinks: tuple[str, ...], dead_letters: str = "bucket", parallelism: int = 1) -> Variant:
    properties = {**_ETL_SOURCES[source], **_DEAD_LETTERS[dead_letters]}
    for sink in sinks:
        properties |= _ETL_SINKS[sink]
    return Variant("streaming_etl", {"FlinkApplicationProperties": properties}, parallelism)


def lottery(**streams: Mapping[str, str]) -> Variant:
    names = {group: {"name": group} for group in ("LotteryInput", "UserInput", "LotteryOutput", "RejectedOutput")}
    return Variant("lottery", {**names, **streams}, 2)


def taxi(parallelism: int = 1, **properties: str) -> Variant:
    own = {"InputStreamArn": f"{STREAM}trips", "Region": "eu-west-1", "OpenSearchEndpoint": DOMAIN}
    return Variant("taxi_analytics", {"FlinkApplicationProperties": {**own, **properties}}, parallelism)


def metrics(parallelism: int) -> Variant:
    url = "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write"
    groups = {"FlinkApplicationProperties": {"Region": "eu-west-1", "PrometheusWriteUrl": url}}
    return Variant("prometheus_metrics", groups, parallelism)


_GENERATED = {
    "KinesisSink": {"stream.arn": f"{STREAM}records", "aws.region": "eu-west-1"},
    "KafkaSink": {"bootstrap.servers": "b-1:9098", "topic": "records"},
}


def generator(*sinks: str, **properties: str) -> Variant:
    groups = {"DataGen": {key.replace("_", "."): value for key, value in properties.items()}}
    return Variant("data_generator", groups | {sink: _GENERATED[sink] for sink in sinks})


def replay(parallelism: int = 1, **properties: str) -> Variant:
    own = {key.replace("_", "."): value for key, value in properties.items()}
    return Variant("replay", {"ReplayProperties": {"source.path": "s3://trips/2019", **own}}, parallelism)


_REGIONS = {group: {"aws.region": "eu-west-1"} for group in ("ConsumerConfigProperties", "ProducerConfigProperties")}
_BROKERS = {
    "LotteryProperties": {"connector": "kafka"},
    **{group: {"bootstrap.servers": "b-1:9098"} for group in ("ConsumerConfigProperties", "ProducerConfigProperties")},
}
_TOPIC = {"output_bootstrap_servers": "b-1:9098", "output_topic": "trips"}
VARIANTS = {
    **{f"{source} to {'+'.join(sinks)}": etl(source, sinks) for source in _ETL_SOURCES for sinks in _SETS_OF[source]},
    "bad trips in a stream": etl("kinesis", ("s3",), "stream"),
    "bad trips in a topic": etl("kafka", ("s3",), "topic"),
    "a wide ETL": etl("kafka", ("kafka", "s3", "opensearch"), parallelism=3),
    "the lottery with Kinesis": lottery(**_REGIONS),
    "the lottery with Kafka": lottery(**_BROKERS),
    "the lottery in few buckets": lottery(**_REGIONS, LotteryProperties={"buckets": "8"}),
    "the lottery in processes": lottery(**_REGIONS, LotteryProperties={"execution.mode": "process"}),
    "taxis": taxi(DeadLetterBucket="bad"),
    "many taxis": taxi(3, DeadLetterBucket="bad"),
    "taxis with results each half hour": taxi(EarlyResultsMinutes="30", DeadLetterBucket="bad"),
    "taxis with results once an hour": taxi(EarlyResultsMinutes="60", DeadLetterBucket="bad"),
    "taxis with bad trips in a stream": taxi(DeadLetterKinesisStream="bad"),
    "metrics": metrics(1),
    "many metrics": metrics(3),
    "records to Kinesis": generator("KinesisSink"),
    "records to Kafka": generator("KafkaSink"),
    "records to both": generator("KinesisSink", "KafkaSink"),
    "trips to Kafka": generator("KafkaSink", record_type="taxi-trip"),
    "records with faults": generator("KinesisSink", faults_late="0.01"),
    "a replay to Kinesis": replay(output_stream_arn=f"{STREAM}trips"),
    "a wide replay to Kafka": replay(3, **_TOPIC),
    "a replay with watermarks": replay(3, watermark_interval_seconds="10", **_TOPIC),
}


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """The operators of each variant: the id of the state of each, by the id that it is made of."""
    folder = tmp_path_factory.mktemp("operators")
    jars = [
        ConnectorJar(project=ROOT / "flink_apps", module=scenario).build(ROOT / "build" / "jars").resolve()
        for scenario in sorted({variant.scenario for variant in VARIANTS.values()})
    ]
    jobs = [
        {**variant._asdict(), "file": str(folder / f"{number}.txt")} for number, variant in enumerate(VARIANTS.values())
    ]
    environment = {**os.environ, "FLINK_APPS_OPERATORS": str(folder / "operators")}
    run_to_end("operators_job.py", jars, jobs, folder / "log", environment=environment)
    found = {}
    for name, job in zip(VARIANTS, jobs, strict=True):
        lines = [line.split("\t") for line in Path(job["file"]).read_text().splitlines()]
        found[name] = {operator: state for state, operator, _ in lines}
    return found


def test_no_operator_of_any_job_has_got_another_id(listed: dict[str, dict[str, str]]) -> None:
    ids = {name: sorted(operators) for name, operators in listed.items()}
    if not KNOWN.exists():  # an intended change: remove the file, run this, and read the difference
        KNOWN.write_text(json.dumps(ids, indent=1) + "\n")
    assert ids == json.loads(KNOWN.read_text())


def test_each_operator_has_an_id(listed: dict[str, dict[str, str]]) -> None:
    for operators in listed.values():
        assert "null" not in operators
        assert len(set(operators.values())) == len(operators)


@pytest.mark.parametrize("source", _ETL_SOURCES)
def test_another_sink_leaves_the_ids_of_all_others(listed: dict[str, dict[str, str]], source: str) -> None:
    for few, many in itertools.permutations(_SETS_OF[source], 2):
        if set(few) < set(many):
            before, after = (listed[f"{source} to {'+'.join(sinks)}"] for sinks in (few, many))
            assert before.items() <= after.items()


@pytest.mark.parametrize(
    ("few", "many"),
    [("taxis", "many taxis"), ("kafka to kafka+s3+opensearch", "a wide ETL"), ("metrics", "many metrics")],
)
def test_another_parallelism_leaves_the_ids_of_all_that_have_state(
    listed: dict[str, dict[str, str]], few: str, many: str
) -> None:
    assert listed[few].items() <= listed[many].items()


def test_whatever_is_generated_the_time_line_goes_on(listed: dict[str, dict[str, str]]) -> None:
    variants = [name for name, variant in VARIANTS.items() if variant.scenario == "data_generator"]
    assert len(variants) >= 4
    assert len({listed[name]["ticks (tick): source"] for name in variants}) == 1


def test_another_end_for_dead_letters_leaves_the_ids_of_all_others(listed: dict[str, dict[str, str]]) -> None:
    bucket, stream = listed["taxis"], listed["taxis with bad trips in a stream"]
    changed = {operator for operator, _ in bucket.items() ^ stream.items()}
    assert all(operator.startswith("dead_letters") for operator in changed)


_WINDOWS = [f"{index}: global-window-aggregate" for index in ("pickup_count", "trip_duration")]
_RULES = ["lotteries", "players"]
#: By what is changed: a variant, the same with the change, and the operators that cannot go on with their state.
OTHER_STATE = {
    "early results": ("taxis", "taxis with results each half hour", [f"{name} by 15 min" for name in _WINDOWS]),
    "no early results": ("taxis", "taxis with results once an hour", [f"{name} by 15 min" for name in _WINDOWS]),
    "buckets": ("the lottery with Kinesis", "the lottery in few buckets", _RULES),
    "execution mode": ("the lottery with Kinesis", "the lottery in processes", _RULES),
    "connector": (
        "the lottery with Kinesis",
        "the lottery with Kafka",
        [f"{table} (kinesis): source" for table in ("lottery_events", "user_events")],
    ),
    "source": ("kinesis to s3", "kafka to s3", ["trips (kinesis): source"]),
}


@pytest.mark.parametrize(("before", "after", "operators"), OTHER_STATE.values(), ids=OTHER_STATE)
def test_an_operator_that_would_not_find_its_state_again_has_another_id(
    listed: dict[str, dict[str, str]], before: str, after: str, operators: list[str]
) -> None:
    assert set(operators) <= listed[before].keys()
    assert not set(operators) & listed[after].keys()
