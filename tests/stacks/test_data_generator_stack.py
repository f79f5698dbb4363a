"""The data generator's stack in its variants: what it is meant to say."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.assertions import Template

from flink_apps.common.aws import KINESIS_ENDPOINT
from flink_apps.common.ends.kinesis import KinesisStream
from flink_apps.data_generator import formats, settings
from flink_apps.data_generator.faults import Faults
from flink_apps.data_generator.formats import RecordFormat
from flink_apps.data_generator.metrics import PARALLELISM_METRIC, RECORD_RATE_METRIC
from flink_apps.data_generator.profiles import constant
from flink_apps.data_generator.profiles import text as profile_text
from flink_apps.data_generator.records.stock_price import STOCK_PRICE
from flink_apps.data_generator.records.taxi_trip import TAXI_TRIP
from flink_apps.data_generator.settings import OPTIONS, Seed, Settings
from flink_constructs.bundle import RUN_OPTIONS, RUN_OPTIONS_GROUP
from flink_constructs.kafka_authentication import KafkaAuthentication, ScramSecret
from flink_constructs.kafka_settings import CLIENT_PROPERTIES
from flink_constructs.validation import InvalidArgumentError
from stacks.config import ContextError
from stacks.registry import add_stacks
from tests.constructs.checks import only, permissions
from tests.dashboards.bodies import graphs, headings
from tests.stacks.data_generator_variants import PROFILE, TOPIC_ARN, VARIANTS
from tests.stacks.variants import (
    APPLICATION,
    BOOTSTRAP,
    CLUSTER,
    LIFECYCLE,
    STREAM,
    TOPIC,
    Variant,
    make,
    resolved,
)

#: One stack, and nothing is bundled, which takes Maven: the entry script stands for the zip.
ONLY_THIS: dict[str, Any] = {"scenario": "data-generator", "aws:cdk:bundling-stacks": []}
WITH_KAFKA = [name for name, context in VARIANTS.items() if "kafka" in context.get("data-generator.sinks", "")]
WITHOUT_KAFKA = [name for name in VARIANTS if name not in WITH_KAFKA]
WITH_KINESIS = [name for name, context in VARIANTS.items() if context.get("data-generator.sinks") != "kafka"]
#: How the job gets into the cluster.
WAYS = {name: KafkaAuthentication(VARIANTS[name].get("data-generator.authentication", "iam")) for name in WITH_KAFKA}
BY_ROLE = [name for name, way in WAYS.items() if way is KafkaAuthentication.IAM]
TOPICS = {name: "taxi-trips" if name == "taxi-trips" else "stock-prices" for name in WITH_KAFKA}
STARTED = [name for name in VARIANTS if name != "not-started-and-gone"]
STARTED_WITH_KAFKA = [name for name in WITH_KAFKA if name in STARTED]
#: Properties that are written where the context has them, and the variants where it does.
ASKED_FOR = {
    formats.KEY_FIELD: "wrong-on-purpose",
    settings.SEED: "wrong-on-purpose",
    formats.SCHEMA_REGISTRY_URL: "avro",
    settings.PROFILE: "profile",
}

#: The keys of the client's settings with which it reads its password.
SECRETS = f"config.providers.{ScramSecret.PROVIDER}"
#: The settings with which the job gets in, by their keys.
CLIENT_KEYS = {way: set(properties) for way, properties in CLIENT_PROPERTIES.items()} | {
    KafkaAuthentication.SCRAM: {
        *("security.protocol", "sasl.mechanism", "sasl.jaas.config", "config.providers"),
        *(f"{SECRETS}.class", f"{SECRETS}.param.region"),
    }
}


def variant(name: str) -> Variant:
    return make({"scenario": "data-generator", **VARIANTS[name]})


STREAM_ARN = "arn:aws:kinesis:eu-west-1:123456789012:stream/prices"


def read_by_the_job(groups: Mapping[str, Mapping[str, Any]]) -> Settings:
    """What the job makes of the property groups, once CloudFormation has put texts for what it knows only then."""
    texts = {
        settings.SINK_STREAM.stream.name: STREAM_ARN,
        "KinesisSink/aws.region": "eu-west-1",
        settings.SINK_TOPIC.servers.name: "b-1.example.com:9098,b-2.example.com:9098",
        f"{settings.KAFKA_GROUP}/{SECRETS}.param.region": "eu-west-1",
        f"{settings.KAFKA_GROUP}/sasl.jaas.config": "as the cluster's secret is called",
    }
    return Settings.from_property_groups(resolved(groups, texts))


# Every variant.


@pytest.mark.parametrize("name", VARIANTS)
def test_every_role_has_policies_of_this_stack_alone(name: str) -> None:
    for role in variant(name).of_type("AWS::IAM::Role").values():
        assert "ManagedPolicyArns" not in role["Properties"]


@pytest.mark.parametrize("name", VARIANTS)
def test_nothing_is_public(name: str) -> None:
    for resource_type in ("AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::Lambda::Url", "AWS::EC2::EIP"):
        assert variant(name).of_type(resource_type) == {}
    for route in variant(name).of_type("AWS::EC2::Route").values():
        assert "GatewayId" not in route["Properties"]
    for subnet in variant(name).of_type("AWS::EC2::Subnet").values():
        assert subnet["Properties"]["MapPublicIpOnLaunch"] is False
    for cluster in variant(name).of_type(CLUSTER).values():
        assert "ConnectivityInfo" not in cluster["Properties"]["BrokerNodeGroupInfo"]
    rules = [
        *variant(name).of_type("AWS::EC2::SecurityGroupIngress").values(),
        *(
            {"Properties": rule}
            for group in variant(name).of_type("AWS::EC2::SecurityGroup").values()
            for rule in group["Properties"].get("SecurityGroupIngress", [])
        ),
    ]
    for rule in rules:
        assert rule["Properties"].get("CidrIp") not in {"0.0.0.0/0", "::/0"}
        assert "CidrIpv6" not in rule["Properties"]


@pytest.mark.parametrize("name", VARIANTS)
def test_only_the_chosen_sinks_exist(name: str) -> None:
    kinesis, kafka = (1 if name in names else 0 for names in (WITH_KINESIS, WITH_KAFKA))
    counts = {STREAM: kinesis, CLUSTER: kafka, TOPIC: kafka, "AWS::EC2::VPC": kafka, BOOTSTRAP: kafka}
    for resource_type, count in {APPLICATION: 1, **counts}.items():
        variant(name).template.resource_count_is(resource_type, count)


@pytest.mark.parametrize("name", VARIANTS)
def test_the_property_groups_have_exactly_the_keys_that_the_job_reads(name: str) -> None:
    groups = variant(name).property_groups()
    assert groups.pop(RUN_OPTIONS_GROUP) == RUN_OPTIONS
    sinks = {
        settings.KINESIS_GROUP: name in WITH_KINESIS,
        settings.KAFKA_GROUP: name in WITH_KAFKA,
    }
    expected: dict[str, set[str]] = {}
    left_out = [settings.MORE_OF_PROFILE[0], *([settings.RECORDS_PER_SECOND] if name == "profile" else [])]
    for prop in (option for option in OPTIONS if option is not KINESIS_ENDPOINT):
        if sinks.get(prop.group, True) and prop not in left_out and ASKED_FOR.get(prop, name) == name:
            expected.setdefault(prop.group, set()).add(prop.key)
    if name in WITH_KAFKA:
        expected[settings.KAFKA_GROUP] |= CLIENT_KEYS[WAYS[name]]
    assert {group: set(properties) for group, properties in groups.items()} == expected


@pytest.mark.parametrize("name", VARIANTS)
def test_the_job_reads_what_the_stack_writes(name: str) -> None:
    read = read_by_the_job(variant(name).property_groups())
    rate = 64_000_000 if name in ("load", "taxi-trips", "wrong-on-purpose") else 10_000
    assert read.profile == (profile_text.parse(PROFILE) if name == "profile" else constant(rate=rate))
    assert read.catch_up is (name == "profile")
    assert read.record_type is (TAXI_TRIP if name in ("taxi-trips", "wrong-on-purpose") else STOCK_PRICE)
    assert (read.kinesis is not None, read.kafka is not None) == (name in WITH_KINESIS, name in WITH_KAFKA)
    if read.kinesis:
        assert read.kinesis == KinesisStream(name="prices", region="eu-west-1", arn=STREAM_ARN)
    if read.kafka:
        assert read.kafka.bootstrap_servers == "b-1.example.com:9098,b-2.example.com:9098"
        assert read.kafka.topic == read.record_type.topic
        assert set(read.kafka.client) == CLIENT_KEYS[WAYS[name]]


def test_the_job_reads_what_the_records_are_to_be() -> None:
    read = read_by_the_job(variant("wrong-on-purpose").property_groups())
    assert read.key_field == "vendor_id"
    assert read.seed == Seed(number=7, start_millis=1_706_745_600_000)
    assert read.faults == Faults(late=0.01, duplicate=0.25, malformed=0.02, out_of_range=0.03)
    avro = read_by_the_job(variant("avro").property_groups()).record_format
    assert avro == RecordFormat(name="avro-confluent", schema_registry_url="https://registry.example.com")


@pytest.mark.parametrize("name", VARIANTS)
def test_the_outputs_lead_to_the_application_its_log_and_its_sinks(name: str) -> None:
    outputs = variant(name).template.to_json()["Outputs"]
    expected = {"ApplicationName", "LogGroupName", "DashboardUrl"}
    expected |= {"StreamName"} if name in WITH_KINESIS else set()
    expected |= {"BootstrapBrokers", "TopicName"} if name in WITH_KAFKA else set()
    expected |= {"SecretArn"} if WAYS.get(name) is KafkaAuthentication.SCRAM else set()
    assert set(outputs) == expected
    assert all(output["Description"] for output in outputs.values())
    assert outputs["ApplicationName"]["Value"] == {"Ref": only(variant(name).template, APPLICATION)["LogicalId"]}


@pytest.mark.parametrize("name", VARIANTS)
def test_the_application_is_started_unless_the_context_says_no(name: str) -> None:
    assert len(variant(name).started) == (name in STARTED)


@pytest.mark.parametrize("name", VARIANTS)
def test_a_stack_says_what_it_is(name: str) -> None:
    assert variant(name).template.to_json()["Description"].startswith("Random stock prices")


# What the job may do.


def own_permissions(name: str) -> list[tuple[list[str], str]]:
    """Actions and resources of the statements on the application's role that are about its sinks."""
    found = permissions(variant(name).template, of=variant(name).application_role())
    return [
        (actions, json.dumps(resources))
        for actions, resources in found
        if not actions[0].startswith(("s3:", "logs:", "ec2:"))
    ]


@pytest.mark.parametrize("name", WITH_KINESIS)
def test_the_job_may_put_records_into_its_stream_and_nothing_else(name: str) -> None:
    stream = only(variant(name).template, STREAM)["LogicalId"]
    of_kinesis = [found for found in own_permissions(name) if found[0][0].startswith("kinesis:")]
    assert of_kinesis == [(["kinesis:PutRecords"], json.dumps([{"Fn::GetAtt": [stream, "Arn"]}]))]


@pytest.mark.parametrize("name", BY_ROLE)
def test_the_job_may_write_to_its_topic_and_nothing_else(name: str) -> None:
    cluster = only(variant(name).template, CLUSTER)["LogicalId"]
    arn = {"Fn::GetAtt": [cluster, "Arn"]}
    parts = {"Fn::Split": [":cluster/", arn]}
    topic = [{"Fn::Select": [0, parts]}, ":topic/", {"Fn::Select": [1, parts]}, f"/{TOPICS[name]}"]
    of_kafka = [found for found in own_permissions(name) if found[0][0].startswith("kafka-cluster:")]
    assert of_kafka == [
        (["kafka-cluster:Connect", "kafka-cluster:WriteDataIdempotently"], json.dumps([arn])),
        (
            [
                "kafka-cluster:DescribeTopic",
                "kafka-cluster:DescribeTopicDynamicConfiguration",
                "kafka-cluster:WriteData",
            ],
            json.dumps([{"Fn::Join": ["", topic]}]),
        ),
    ]


@pytest.mark.parametrize("name", VARIANTS)
def test_the_job_has_no_permission_for_a_sink_that_it_does_not_have(name: str) -> None:
    services = {actions[0].split(":")[0] for actions, _ in own_permissions(name)}
    expected = {"kinesis"} if name in WITH_KINESIS else set()
    if name in WITH_KAFKA:
        expected |= {
            KafkaAuthentication.IAM: {"kafka-cluster"},
            KafkaAuthentication.SCRAM: {"secretsmanager", "kms"},
        }.get(WAYS[name], set())
    assert services == expected


@pytest.mark.parametrize("name", VARIANTS)
def test_the_job_reads_no_object_but_its_code_and_that_of_its_earlier_versions(name: str) -> None:
    found = permissions(variant(name).template, of=variant(name).application_role())
    [(actions, [resource])] = [one for one in found if one[0][0].startswith("s3:")]
    assert actions == ["s3:GetObject", "s3:GetObjectVersion"]
    code = only(variant(name).template, APPLICATION)["Properties"]["ApplicationConfiguration"]
    key = code["ApplicationCodeConfiguration"]["CodeContent"]["S3ContentLocation"]["FileKey"]
    folder, _, file = key.rpartition("/")
    assert folder == variant(name).stack.stack_name
    assert f"/{folder}/*{Path(file).suffix}" in json.dumps(resource)


# The stream.


@pytest.mark.parametrize(
    ("name", "shards"),
    [
        ("default", 1),
        ("kinesis-and-kafka", 1),
        ("load", 80),
        ("taxi-trips", 80),
        ("wrong-on-purpose", 100),
        ("profile", 8),
    ],
)
def test_the_stream_has_shards_for_the_rate_and_a_quarter_more(name: str, shards: int) -> None:
    assert only(variant(name).template, STREAM)["Properties"]["ShardCount"] == shards


def test_an_on_demand_stream_has_no_shards_of_its_own() -> None:
    properties = only(variant("on-demand").template, STREAM)["Properties"]
    assert properties["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    assert "ShardCount" not in properties


@pytest.mark.parametrize("shards", ["64", 64])
def test_a_number_of_shards_that_is_asked_for_is_taken(shards: object) -> None:
    context = {"data-generator": {"records-per-second": 64_000, "shards": shards}, **ONLY_THIS}
    [stack] = add_stacks(App(context=context))
    assert only(Template.from_stack(stack), STREAM)["Properties"]["ShardCount"] == 64


# The cluster and its network.


@pytest.mark.parametrize("name", WITH_KAFKA)
def test_an_application_with_kafka_sits_in_the_private_subnets_of_the_vpc(name: str) -> None:
    [placed] = only(variant(name).template, APPLICATION)["Properties"]["ApplicationConfiguration"]["VpcConfigurations"]
    assert {subnet["Ref"] for subnet in placed["SubnetIds"]} == set(variant(name).of_type("AWS::EC2::Subnet"))


@pytest.mark.parametrize("name", WITHOUT_KAFKA)
def test_an_application_without_kafka_needs_no_vpc(name: str) -> None:
    configuration = only(variant(name).template, APPLICATION)["Properties"]["ApplicationConfiguration"]
    assert "VpcConfigurations" not in configuration


@pytest.mark.parametrize("name", WITH_KAFKA)
def test_the_network_has_a_way_to_what_every_job_calls_and_to_kinesis_only_where_there_is_a_stream(name: str) -> None:
    endpoints = variant(name).of_type("AWS::EC2::VPCEndpoint").values()
    interfaces = [one for one in endpoints if one["Properties"].get("VpcEndpointType") == "Interface"]
    services = {one["Properties"]["ServiceName"]["Fn::Join"][1][-1] for one in interfaces} - {".secretsmanager"}
    expected = {".logs", ".monitoring", ".sts"} | ({".kinesis-streams"} if name in WITH_KINESIS else set())
    assert services == expected


@pytest.mark.parametrize("name", WITH_KAFKA)
def test_the_network_has_a_way_to_the_secret_only_where_there_is_one(name: str) -> None:
    services = [
        json.dumps(one["Properties"]["ServiceName"]) for one in variant(name).of_type("AWS::EC2::VPCEndpoint").values()
    ]
    assert any(".secretsmanager" in one for one in services) == (WAYS[name] is KafkaAuthentication.SCRAM)


@pytest.mark.parametrize("name", WITH_KAFKA)
def test_nothing_in_the_template_is_a_password(name: str) -> None:
    client = variant(name).property_groups()[settings.KAFKA_GROUP]
    assert "password" not in str(client).replace(":password}", "").replace('password="${', "")
    for secret in variant(name).of_type("AWS::SecretsManager::Secret").values():
        assert "SecretString" not in secret["Properties"]


@pytest.mark.parametrize("name", WITH_KAFKA)
def test_only_the_application_may_reach_the_brokers_and_only_at_the_port_for_its_way_in(name: str) -> None:
    template = variant(name).template
    [placed] = only(template, APPLICATION)["Properties"]["ApplicationConfiguration"]["VpcConfigurations"]
    [brokers] = only(template, CLUSTER)["Properties"]["BrokerNodeGroupInfo"]["SecurityGroups"]
    [application] = placed["SecurityGroupIds"]
    rule = only(template, "AWS::EC2::SecurityGroupIngress")["Properties"]
    assert (rule["GroupId"], rule["SourceSecurityGroupId"]) == (brokers, application)
    assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", *[WAYS[name].port] * 2)
    group = variant(name).resources[brokers["Fn::GetAtt"][0]]
    assert "SecurityGroupIngress" not in group["Properties"]


@pytest.mark.parametrize("name", WITH_KAFKA)
def test_the_application_waits_for_the_topic(name: str) -> None:
    topic = only(variant(name).template, TOPIC)["LogicalId"]
    assert topic in only(variant(name).template, APPLICATION)["DependsOn"]


@pytest.mark.parametrize("name", STARTED_WITH_KAFKA)
def test_the_start_waits_for_the_ways_to_the_sinks_and_a_deletion_keeps_them_until_the_last_snapshot(name: str) -> None:
    needed = {
        *variant(name).of_type("AWS::EC2::SecurityGroupIngress"),
        *variant(name).of_type("AWS::EC2::VPCEndpoint"),
        *variant(name).of_type(TOPIC),
        *variant(name).of_type("AWS::MSK::BatchScramSecret"),
    }
    assert needed <= set(only(variant(name).template, LIFECYCLE)["DependsOn"])


@pytest.mark.parametrize("name", WITH_KAFKA)
def test_the_job_learns_the_brokers_from_the_cluster(name: str) -> None:
    bootstrap = only(variant(name).template, BOOTSTRAP)["LogicalId"]
    brokers = variant(name).property_groups()[settings.KAFKA_GROUP][settings.SINK_TOPIC.servers.key]
    assert brokers["Fn::GetAtt"][0] == bootstrap


# What is kept.

KEPT = [STREAM, CLUSTER, TOPIC, "AWS::MSK::Configuration", "AWS::EC2::VPC", "AWS::EC2::Subnet"]
KEPT += ["AWS::SecretsManager::Secret", "AWS::KMS::Key", "AWS::MSK::BatchScramSecret"]


@pytest.mark.parametrize(
    ("name", "policy"),
    [
        ("kinesis-and-kafka", "RetainExceptOnCreate"),
        ("kafka-scram", "RetainExceptOnCreate"),
        ("not-started-and-gone", "Delete"),
    ],
)
def test_streams_clusters_and_their_network_stay_unless_the_context_says_no(name: str, policy: str) -> None:
    for resource_type in KEPT:
        for resource in variant(name).of_type(resource_type).values():
            assert resource.get("DeletionPolicy", "Delete") == policy, resource_type


@pytest.mark.parametrize(("name", "policy"), [("default", "RetainExceptOnCreate"), ("not-started-and-gone", "Delete")])
def test_what_the_job_logs_stays_unless_the_context_says_no(name: str, policy: str) -> None:
    log_group = variant(name).template.to_json()["Outputs"]["LogGroupName"]["Value"]["Ref"]
    assert variant(name).resources[log_group]["DeletionPolicy"] == policy


def test_nothing_at_all_stays_of_a_stack_that_is_to_go() -> None:
    resources = variant("not-started-and-gone").resources
    kept = {name for name, body in resources.items() if body.get("DeletionPolicy", "Delete") != "Delete"}
    assert kept == set()


# The alarms.

RECOMMENDED = {"Downtime", "FullRestarts", "FailedCheckpoints", "Cpu", "Memory", "HeapMemory"}


def alarms(name: str, **context: str) -> dict[str, dict[str, Any]]:
    """The properties of each alarm by its construct's id."""
    found = (make({"scenario": "data-generator", **VARIANTS[name], **context}) if context else variant(name)).of_type(
        "AWS::CloudWatch::Alarm"
    )
    return {logical_id.removeprefix("Alarms")[:-8]: body["Properties"] for logical_id, body in found.items()}


@pytest.mark.parametrize("name", VARIANTS)
def test_the_generator_has_the_alarms_that_aws_recommends_and_its_own(name: str) -> None:
    expected = RECOMMENDED | ({"RateBelowTarget"} if name != "profile" else set())
    expected |= {"Stopped"} if name in STARTED else set()
    expected |= {"Throttled"} if name in WITH_KINESIS else set()
    assert set(alarms(name)) == expected


@pytest.mark.parametrize("name", VARIANTS)
def test_alarms_go_to_the_topic_that_is_named_and_to_no_other(name: str) -> None:
    expected = [TOPIC_ARN] if name == "alarms-to-a-topic" else None
    assert {str(alarm.get("AlarmActions")) for alarm in alarms(name).values()} == {str(expected)}


def test_refused_records_raise_an_alarm_once_there_are_some_for_five_minutes() -> None:
    alarm = alarms("default")["Throttled"]
    assert (alarm["MetricName"], alarm["Statistic"]) == ("WriteProvisionedThroughputExceeded", "Sum")
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold")
    assert (alarm["EvaluationPeriods"], alarm["Period"]) == (5, 60)


def test_a_rate_below_nine_tenths_of_the_asked_one_raises_an_alarm_after_five_minutes() -> None:
    alarm = alarms("load")["RateBelowTarget"]
    # 64,000 records/s at parallelism 3, where each task's metric is a whole number.
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (57_598.5, "LessThanThreshold")
    assert (alarm["EvaluationPeriods"], alarm["TreatMissingData"]) == (5, "notBreaching")
    expression, *metrics = sorted(alarm["Metrics"], key=lambda metric: "Expression" not in metric)
    assert expression["Expression"] == "rate * parallelism"
    assert {metric["Id"]: metric["MetricStat"]["Metric"]["MetricName"] for metric in metrics} == {
        "rate": RECORD_RATE_METRIC,
        "parallelism": PARALLELISM_METRIC,
    }


def test_a_rate_that_rounds_to_nothing_has_no_alarm() -> None:
    slow = {"data-generator.records-per-second": "1", "data-generator.parallelism": "4"}
    assert "RateBelowTarget" not in alarms("default", **slow)


# The dashboard.


def steady_rate(name: str) -> dict[str, int]:
    """The line of the rate that is asked for all the time; a profile has none."""
    return {} if name == "profile" else {"target": int(VARIANTS[name].get("data-generator.records-per-second", 10))}


@pytest.mark.parametrize("name", VARIANTS)
def test_the_dashboard_shows_the_sinks_that_there_are_beside_the_target_rate(name: str) -> None:
    stack = variant(name).stack
    sections = headings(stack)
    assert ("## Kafka output" in sections, "## Kinesis output" in sections) == (
        name in WITH_KAFKA,
        name in WITH_KINESIS,
    )
    targets = graphs(stack)["Generated (records/s)"].get("annotations", {}).get("horizontal", [])
    assert {target["label"]: target["value"] for target in targets} == steady_rate(name)


@pytest.mark.parametrize("name", VARIANTS)
def test_tasks_report_what_they_wait_for(name: str) -> None:
    configuration = variant(name).application()["Properties"]["ApplicationConfiguration"]
    assert configuration["FlinkApplicationConfiguration"]["MonitoringConfiguration"]["MetricsLevel"] == "TASK"


# What cannot be.


@pytest.mark.parametrize(
    ("context", "message"),
    [
        (
            {"authentication": "SASL"},
            "data-generator.authentication must be 'iam', 'scram', 'tls' or 'unauthenticated' (got 'SASL'); "
            "change it in cdk.json or with -c data-generator.authentication=…",
        ),
        ({"alarm-topic-arn": "pager"}, "data-generator.alarm-topic-arn must match ^arn:aws"),
    ],
)
def test_a_wrong_value_is_refused_in_one_line(context: dict[str, str], message: str) -> None:
    with pytest.raises(ContextError, match=f"^{re.escape(message)}"):
        add_stacks(App(context={"data-generator": context, **ONLY_THIS}))


# The stage.


def test_a_stage_is_a_second_copy_beside_the_first_with_its_own_parallelism() -> None:
    assert (variant("default").stack.stack_name, variant("load").stack.stack_name) == (
        "DataGenerator",
        "DataGenerator-load",
    )
    configuration = only(variant("load").template, APPLICATION)["Properties"]["ApplicationConfiguration"]
    parallelism = configuration["FlinkApplicationConfiguration"]["ParallelismConfiguration"]
    assert (parallelism["Parallelism"], parallelism["ParallelismPerKPU"]) == (3, 1)


def test_nothing_has_a_fixed_name_that_a_second_copy_would_collide_with() -> None:
    fixed = {"BucketName", "StreamName", "LogGroupName", "RoleName", "FunctionName", "ApplicationName"}
    for name, resource in variant("load").resources.items():
        texts = {
            key for key in fixed & set(resource.get("Properties", {})) if isinstance(resource["Properties"][key], str)
        }
        assert texts == set(), name


def test_clusters_of_two_stages_have_different_names() -> None:
    context = {"data-generator": {"sinks": ["kafka"]}, **ONLY_THIS}
    stacks = [add_stacks(App(context={**context, "stage": stage})) for stage in ("", "load")]
    names = {json.dumps(only(Template.from_stack(stack), CLUSTER)["Properties"]["ClusterName"]) for [stack] in stacks}
    assert len(names) == 2


def test_the_zones_of_a_new_vpc_are_those_that_the_context_names() -> None:
    found = make(
        {**ONLY_THIS, "data-generator.sinks": "kafka", "data-generator.availability-zones": "us-east-1b,us-east-1d"}
    )
    subnets = found.of_type("AWS::EC2::Subnet").values()
    assert {body["Properties"]["AvailabilityZone"] for body in subnets} == {"us-east-1b", "us-east-1d"}


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"availability-zones": "us-east-1b", "sinks": "kafka"}, "availability-zones must name 2 or 3 different zones"),
        ({"availability-zones": "use1-az1,use1-az2", "sinks": "kafka"}, "availability-zones must match"),
        (
            {"availability-zones": "us-east-1b,us-east-1d"},
            "availability-zones must be left out where there is no VPC of the stack's own",
        ),
        (
            {"format": "avro-confluent", "schema-registry-url": "https://registry.example.com", "sinks": "kafka"},
            "nat-gateways must be at least 1 where the stack makes a VPC",
        ),
        (
            {"format": "avro-confluent", "schema-registry-url": "https://me:secret@registry.example.com"},
            "schema-registry-url must be an address with its scheme, and without a name or password",
        ),
    ],
)
def test_what_the_network_or_the_template_could_not_hold_is_refused(context: dict[str, str], message: str) -> None:
    keys = {f"data-generator.{key}": value for key, value in context.items()}
    with pytest.raises(InvalidArgumentError, match=f"^data-generator.{re.escape(message)}"):
        make({**ONLY_THIS, **keys})


def test_a_registry_on_the_internet_is_reached_from_a_vpc_through_nat() -> None:
    registry = {"format": "avro-confluent", "schema-registry-url": "https://registry.example.com"}
    keys = {"sinks": "kafka", "nat-gateways": "1", **registry}
    found = make({**ONLY_THIS, **{f"data-generator.{key}": value for key, value in keys.items()}})
    assert len(found.of_type("AWS::EC2::NatGateway")) == 1
