"""The lottery's stack with each connector: what it is meant to say."""

from __future__ import annotations

import dataclasses
import json
import subprocess
from typing import Any

import pytest

from flink_apps.common.ends.kafka import KafkaTopic
from flink_apps.common.ends.kinesis import KinesisStream
from flink_apps.lottery import schema, settings
from flink_apps.lottery.metrics import REJECTED_COUNT
from flink_constructs.bundle import RUN_OPTIONS_GROUP
from flink_constructs.kafka_settings import IAM_CLIENT_PROPERTIES
from flink_constructs.validation import InvalidArgumentError
from stacks.lottery import (
    COMMANDS,
    INPUTS,
    LOTTERY_EVENTS,
    OUTPUTS,
    REJECTED_EVENTS,
    STREAMS,
    USER_EVENTS,
    WINNERS,
    LotteryConfig,
)
from tests.constructs.checks import permissions
from tests.stacks.lottery_variants import TOPIC_ARN, VARIANTS
from tests.stacks.variants import CLUSTER, LIFECYCLE, STREAM, TOPIC, Variant, make, resolved

BROKERS = "b-1:9098,b-2:9098"

WITH_KAFKA = [name for name, context in VARIANTS.items() if context.get("lottery.connector") == "kafka"]
WITH_KINESIS = [name for name in VARIANTS if name not in WITH_KAFKA]
IN_VPC = [*WITH_KAFKA, "own-vpc-with-nat"]


def variant(name: str) -> Variant:
    return make({"scenario": "lottery", **VARIANTS[name]})


def groups_of_the_job(name: str) -> dict[str, dict[str, str]]:
    """The property groups, once CloudFormation has put in what it knows only then."""
    texts = {
        **{prop.name: stream for stream, prop in STREAMS.items()},
        settings.REGION_OF_INPUTS.name: "eu-west-1",
        settings.REGION_OF_OUTPUTS.name: "eu-west-1",
        settings.CONSUMER_SERVERS.name: BROKERS,
        settings.PRODUCER_SERVERS.name: BROKERS,
    }
    return resolved(variant(name).property_groups(), texts)


def read_by_the_job(name: str) -> settings.Settings:
    return settings.Settings.from_property_groups(groups_of_the_job(name))


def allowed(name: str) -> set[tuple[str, str]]:
    """What the job may do with its streams or its cluster: actions, each with the part of an ARN that says on what."""
    found = permissions(variant(name).template, of=variant(name).application_role())
    return {
        (action, what(resource))
        for actions, resources in found
        for action in actions
        if action.startswith(("kinesis:", "kafka-cluster:"))
        for resource in resources
    }


def what(resource: dict[str, Any]) -> str:
    """The start of a resource's logical id; of what is in a cluster its kind and its name."""
    if "Fn::GetAtt" in resource:
        [found] = [
            construct_id for construct_id in (*STREAMS, "Kafka") if resource["Fn::GetAtt"][0].startswith(construct_id)
        ]
        return found
    _, kind, _, name = resource["Fn::Join"][1]
    return f"{kind}{name}"


def output(name: str, key: str) -> Any:
    return variant(name).template.to_json()["Outputs"][key]["Value"]


def alarm(name: str, text: str) -> dict[str, Any]:
    """The one alarm that ``text`` occurs in."""
    alarms = variant(name).of_type("AWS::CloudWatch::Alarm").values()
    [found] = [body["Properties"] for body in alarms if text in json.dumps(body)]
    return dict(found)


def interface_endpoints(name: str) -> str:
    return json.dumps(
        [body["Properties"]["ServiceName"] for body in variant(name).of_type("AWS::EC2::VPCEndpoint").values()]
    )


# Every variant.


@pytest.mark.parametrize("name", VARIANTS)
def test_there_is_what_the_connector_needs_and_nothing_else(name: str) -> None:
    found, kafka = variant(name), name in WITH_KAFKA
    assert len(found.of_type(STREAM)) == (0 if kafka else 4)
    assert len(found.of_type(TOPIC)) == (4 if kafka else 0)
    assert len(found.of_type(CLUSTER)) == kafka
    assert len(found.of_type("AWS::EC2::VPC")) == (name in IN_VPC)


@pytest.mark.parametrize("name", VARIANTS)
def test_the_job_understands_what_the_stack_tells_it(name: str) -> None:
    job = read_by_the_job(name)
    if name in WITH_KINESIS:
        assert job.streams == settings.Streams(
            lottery_input=KinesisStream(name=LOTTERY_EVENTS, region="eu-west-1"),
            user_input=KinesisStream(name=USER_EVENTS, region="eu-west-1"),
            winners=KinesisStream(name=WINNERS, region="eu-west-1"),
            rejected=KinesisStream(name=REJECTED_EVENTS, region="eu-west-1"),
        )
        return
    reader = KafkaTopic(bootstrap_servers=BROKERS, topic="", client=IAM_CLIENT_PROPERTIES, group="lottery")
    writer = dataclasses.replace(reader, group=None, transactional_id_prefix="lottery")
    assert job.streams == settings.Streams(
        lottery_input=dataclasses.replace(reader, topic="lottery-input-topic"),
        user_input=dataclasses.replace(reader, topic="user-input-topic"),
        winners=dataclasses.replace(writer, topic="lottery-output-topic"),
        rejected=dataclasses.replace(writer, topic="rejected-output-topic"),
    )


@pytest.mark.parametrize("name", VARIANTS)
def test_the_job_gets_each_stream_or_topic_for_what_it_is(name: str) -> None:
    found = variant(name)
    for construct_id, prop in STREAMS.items():
        given = found.property_groups()[prop.group][prop.key]
        if name in WITH_KAFKA:
            [topic] = [body for body in found.of_type(TOPIC).values() if body["Properties"]["TopicName"] == given]
            assert given == prop.default
            assert topic["Properties"]["PartitionCount"] == int(VARIANTS[name].get("lottery.partitions", 6))
        else:
            assert given["Ref"].startswith(construct_id)
            assert given["Ref"] in found.of_type(STREAM)


@pytest.mark.parametrize("name", VARIANTS)
def test_the_job_is_told_nothing_that_it_does_not_read(name: str) -> None:
    groups = variant(name).property_groups()
    del groups[RUN_OPTIONS_GROUP]
    known = {option.name for option in settings.OPTIONS}
    told = {f"{group}/{key}" for group, keys in groups.items() for key in keys if key not in IAM_CLIENT_PROPERTIES}
    assert told <= known
    assert {option.group for option in settings.OPTIONS} - {"AwsEndpoints"} == set(groups)


@pytest.mark.parametrize("name", VARIANTS)
def test_each_output_says_what_it_is(name: str) -> None:
    outputs = variant(name).template.to_json()["Outputs"]
    expected = {"ApplicationName", "LogGroupName", "DashboardUrl"}
    if name in WITH_KAFKA:
        expected |= {"BootstrapBrokers", *(f"{stream}TopicName" for stream in STREAMS)}
    else:
        expected |= {f"{stream}StreamName" for stream in STREAMS} | {f"{command}Command" for command in COMMANDS}
    assert set(outputs) == expected
    assert all(output["Description"] for output in outputs.values())


# The game.


def test_what_the_context_says_of_the_game_reaches_the_job() -> None:
    job = read_by_the_job("another-game")
    assert (job.window_millis, job.grace_millis, job.idle_millis, job.clock_skew_millis) == (60_000, 500, 20_000, 5_000)
    assert (job.prizes, job.player_expiry_hours) == (3, 24)


def test_a_context_that_says_nothing_leaves_the_job_its_own_defaults() -> None:
    told = groups_of_the_job("default")
    names = {prop.group: told[prop.group] for prop in STREAMS.values()}
    regions = {group: told[group] for group in (settings.CONSUMER_GROUP, settings.PRODUCER_GROUP)}
    assert read_by_the_job("default") == settings.Settings.from_property_groups({**names, **regions})


def test_the_public_scenarios_figures_are_the_defaults() -> None:
    config = LotteryConfig()
    assert (config.connector, config.window_seconds, config.prizes) == ("kinesis", 10, 0)
    assert (config.parallelism, config.parallelism_per_kpu, config.auto_scaling, config.snapshots) == (
        2,
        1,
        False,
        True,
    )


def parallelism(name: str) -> dict[str, Any]:
    configuration = variant(name).application()["Properties"]["ApplicationConfiguration"]
    return dict(configuration["FlinkApplicationConfiguration"]["ParallelismConfiguration"])


def test_in_thread_mode_each_task_has_a_kpu_of_its_own() -> None:
    assert read_by_the_job("default").execution_mode == "thread"
    assert parallelism("default") == {
        "ConfigurationType": "CUSTOM",
        "AutoScalingEnabled": False,
        "Parallelism": 2,
        "ParallelismPerKPU": 1,
    }


def test_in_process_mode_tasks_may_share_a_kpu() -> None:
    assert read_by_the_job("process-mode").execution_mode == "process"
    assert parallelism("process-mode") == {
        "ConfigurationType": "CUSTOM",
        "AutoScalingEnabled": True,
        "Parallelism": 8,
        "ParallelismPerKPU": 4,
    }


# What the job may do.


@pytest.mark.parametrize("name", WITH_KINESIS)
def test_the_job_reads_the_two_input_streams_and_writes_the_two_output_streams_and_nothing_else(name: str) -> None:
    reads = ("kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards")
    assert allowed(name) == {
        *((action, stream) for stream in INPUTS for action in reads),
        *(("kinesis:PutRecords", stream) for stream in OUTPUTS),
    }


@pytest.mark.parametrize("name", WITH_KAFKA)
def test_the_job_reads_the_two_input_topics_and_writes_the_two_output_topics_and_nothing_else(name: str) -> None:
    streams = read_by_the_job(name).streams
    assert isinstance(streams.user_input, KafkaTopic)
    assert isinstance(streams.winners, KafkaTopic)
    inputs, outputs = ([f":topic//{prop.default}" for prop in props.values()] for props in (INPUTS, OUTPUTS))
    group, transactions = (
        f":group//{streams.user_input.group}",
        f":transactional-id//{streams.winners.transactional_id_prefix}-*",
    )
    expected = {
        "Kafka": ("Connect", "WriteDataIdempotently"),
        group: ("AlterGroup", "DescribeGroup"),
        transactions: ("AlterTransactionalId", "DescribeTransactionalId"),
        **dict.fromkeys(inputs, ("DescribeTopic", "ReadData")),
        **dict.fromkeys(outputs, ("DescribeTopic", "DescribeTopicDynamicConfiguration", "WriteData")),
    }
    assert allowed(name) == {
        (f"kafka-cluster:{action}", resource) for resource, actions in expected.items() for action in actions
    }


# The streams, the cluster and their network.


@pytest.mark.parametrize(("name", "mode", "shards"), [("default", "PROVISIONED", 4), ("on-demand", "ON_DEMAND", None)])
def test_streams_have_the_shards_that_the_context_says(name: str, mode: str, shards: int | None) -> None:
    for stream in variant(name).of_type(STREAM).values():
        assert stream["Properties"]["StreamModeDetails"] == {"StreamMode": mode}
        assert stream["Properties"].get("ShardCount") == shards


@pytest.mark.parametrize(("name", "kinesis"), [("kafka", False), ("own-vpc-with-nat", True)])
def test_endpoints_lead_to_what_is_used(name: str, kinesis: bool) -> None:
    names = interface_endpoints(name)
    assert all(service in names for service in (".logs", ".monitoring", ".sts", ".s3"))
    assert (".kinesis-streams" in names) is kinesis


@pytest.mark.parametrize("name", IN_VPC)
def test_the_way_to_the_internet_has_the_gateways_that_the_context_says(name: str) -> None:
    gateways = int(VARIANTS[name].get("lottery.nat-gateways", 0))
    assert len(variant(name).of_type("AWS::EC2::NatGateway")) == gateways
    assert len(variant(name).of_type("AWS::EC2::InternetGateway")) == (gateways > 0)


@pytest.mark.parametrize("name", ["kafka", "own-vpc-with-nat"])
def test_the_start_waits_for_the_ways_to_the_streams(name: str) -> None:
    [lifecycle] = variant(name).of_type(LIFECYCLE).values()
    needed = {
        *variant(name).of_type("AWS::EC2::SecurityGroupIngress"),
        *variant(name).of_type("AWS::EC2::VPCEndpoint"),
        *variant(name).of_type(TOPIC),
    }
    assert needed <= set(lifecycle["DependsOn"])


@pytest.mark.parametrize("name", WITH_KAFKA)
def test_the_application_waits_for_its_topics(name: str) -> None:
    assert set(variant(name).of_type(TOPIC)) <= set(variant(name).application()["DependsOn"])


@pytest.mark.parametrize("name", VARIANTS)
def test_the_application_is_started_unless_the_context_says_no(name: str) -> None:
    assert len(variant(name).started) == (name != "kafka-not-started-and-gone")


def test_nothing_at_all_stays_of_a_stack_that_is_to_go() -> None:
    resources = variant("kafka-not-started-and-gone").resources
    kept = {name for name, body in resources.items() if body.get("DeletionPolicy", "Delete") != "Delete"}
    assert kept == set()


@pytest.mark.parametrize(("name", "kept"), [("default", [STREAM]), ("kafka", [CLUSTER, TOPIC, "AWS::EC2::VPC"])])
def test_streams_topics_and_their_network_stay_unless_the_context_says_no(name: str, kept: list[str]) -> None:
    for resource_type in kept:
        for resource in variant(name).of_type(resource_type).values():
            assert resource["DeletionPolicy"] == "RetainExceptOnCreate", resource_type


# The alarms.


@pytest.mark.parametrize(("name", "threshold"), [("default", 1000), ("alarms-to-a-topic", 5)])
def test_rejected_events_raise_an_alarm_above_their_threshold(name: str, threshold: int) -> None:
    found = alarm(name, REJECTED_COUNT)
    assert (found["Threshold"], found["ComparisonOperator"]) == (threshold, "GreaterThanThreshold")


def test_the_job_has_an_alarm_on_its_lag_behind_each_input_stream() -> None:
    alarms = variant("default").of_type("AWS::CloudWatch::Alarm").values()
    lags = [json.dumps(body) for body in alarms if body["Properties"].get("MetricName") == "millisBehindLatest"]
    assert [[stream for stream in STREAMS if f'"{stream}' in lag] for lag in lags] == [
        ["UserEvents"],
        ["LotteryEvents"],
    ]


def test_the_job_has_an_alarm_on_its_lag_behind_its_topics() -> None:
    assert alarm("kafka", "records_lag_max")["ComparisonOperator"] == "GreaterThanThreshold"


def test_alarms_go_to_the_topic_that_is_named() -> None:
    for found in variant("alarms-to-a-topic").of_type("AWS::CloudWatch::Alarm").values():
        assert found["Properties"]["AlarmActions"] == [TOPIC_ARN]


# The commands.


def arguments_of(command: str) -> list[str]:
    """What the shell hands to ``aws``, once the command is typed there."""
    text = "".join(part if isinstance(part, str) else "a-stream" for part in output("default", command)["Fn::Join"][1])
    script = f'date() {{ test "$*" = +%s && echo 1700000000; }}; aws() {{ printf \'%s\\n\' "$@"; }}; {text}'
    done = subprocess.run(["/bin/sh", "-euc", script], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("command", "stream", "key", "event"),
    [
        ("StartLotteryCommand", "LotteryEvents", "1", {"type": schema.START, "lotteryId": 1}),
        ("StopLotteryCommand", "LotteryEvents", "1", {"type": schema.STOP, "lotteryId": 1}),
        ("BuyCouponsCommand", "UserEvents", "7", {"type": schema.BUY, "userId": 7, "purchasedCoupons": 10}),
        (
            "ClickCommand",
            "UserEvents",
            "7",
            {"type": schema.CLICK, "userId": 7, "lotteryId": 1, "timestamp": 1_700_000_000_000},
        ),
    ],
)
def test_a_command_puts_its_event_into_the_partition_of_its_id(
    command: str, stream: str, key: str, event: dict[str, Any]
) -> None:
    *others, data = arguments_of(command)
    assert json.loads(data) == event
    assert others == [
        *("kinesis", "put-record", "--stream-name", "a-stream", "--partition-key", key),
        *("--cli-binary-format", "raw-in-base64-out", "--data"),
    ]
    assert json.dumps(output("default", command)).count(f'{{"Ref": "{stream}') == 1


# What is refused.

REFUSED = {
    "an unknown connector": (
        {"lottery.connector": "sqs"},
        "lottery.connector must be kinesis or kafka (got 'sqs')",
    ),
    "an unknown mode": ({"lottery.execution-mode": "fork"}, "lottery.execution-mode must be thread or process"),
    "threads that share a KPU": (
        {"lottery.parallelism-per-kpu": "2"},
        "lottery.execution-mode must be process where parallelism-per-kpu is above 1",
    ),
    "no VPC for Kafka": (
        {"lottery.connector": "kafka", "lottery.vpc": "false"},
        "lottery.vpc must be true where Kafka is used",
    ),
    "NAT without a VPC": ({"lottery.nat-gateways": "1"}, "lottery.nat-gateways must be 0 where there is no VPC"),
    "no shards": ({"lottery.shards": "0"}, "lottery.shards must be from 1 to 20000, or on-demand (got '0')"),
    "no window": (
        {"lottery.window-seconds": "0"},
        "lottery.window-seconds must be an integer from 1 to 86400 (got '0')",
    ),
    "less than no prizes": ({"lottery.prizes": "-1"}, "lottery.prizes must be an integer from 0 to 1000000 (got '-1')"),
    "less than no rejected events": ({"lottery.rejected-alarm": "-1"}, "lottery.rejected-alarm must be at least 0"),
    "a grace in words": (
        {"lottery.grace-millis": "2s"},
        "lottery.grace-millis must be an integer from 0 to 3600000 (got '2s')",
    ),
    "a topic by its name": ({"lottery.alarm-topic-arn": "pager"}, "lottery.alarm-topic-arn must match ^arn:aws"),
    "brokers in one zone": (
        {"lottery.connector": "kafka", "lottery.brokers": "3"},
        "number_of_brokers must be a multiple of 2, the number of subnets (got 3)",
    ),
    "a typo": ({"lottery.window-second": "5"}, "did you mean window-seconds?"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused_with_its_reason(case: str) -> None:
    context, message = REFUSED[case]
    with pytest.raises(InvalidArgumentError) as refused:
        make({"scenario": "lottery", **context})
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


# An existing VPC.

IN_A_VPC = {"lottery.connector": "kafka", "lottery.vpc": "vpc-0123456789abcdef0"}


@pytest.fixture
def signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the CDK's command line has it for somebody who is signed in to AWS."""
    monkeypatch.setenv("CDK_DEFAULT_ACCOUNT", "123456789012")
    monkeypatch.setenv("CDK_DEFAULT_REGION", "eu-west-1")


@pytest.mark.usefixtures("signed_in")
def test_a_vpc_that_is_named_is_used_and_none_is_made() -> None:
    found = make({"scenario": "lottery", **IN_A_VPC, "stage": "mine"})
    assert found.of_type("AWS::EC2::VPC") == found.of_type("AWS::EC2::VPCEndpoint") == {}
    [cluster] = found.of_type(CLUSTER).values()
    [vpc] = found.application()["Properties"]["ApplicationConfiguration"]["VpcConfigurations"]
    assert set(vpc["SubnetIds"]) == set(cluster["Properties"]["BrokerNodeGroupInfo"]["ClientSubnets"])


def test_a_vpc_cannot_be_looked_up_by_somebody_who_is_not_signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CDK_DEFAULT_ACCOUNT", raising=False)
    with pytest.raises(InvalidArgumentError, match=r"lottery\.vpc must be true or false where nobody is signed in"):
        make({"scenario": "lottery", **IN_A_VPC})


@pytest.mark.parametrize("vpc", ["mine", "vpc-", "subnet-0123456789abcdef0"])
def test_a_vpc_is_named_by_its_id(vpc: str) -> None:
    with pytest.raises(InvalidArgumentError, match=r"lottery\.vpc must be true or false or match \^vpc-"):
        make({"scenario": "lottery", "lottery.vpc": vpc})
