"""The data generator's stack in its variants: what it is meant to say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.assertions import Template

from flink_apps.common.properties import StreamArn
from flink_apps.data_generator import faults, formats, settings
from flink_apps.data_generator.faults import Faults
from flink_apps.data_generator.formats import Written
from flink_apps.data_generator.records.stock_price import STOCK_PRICE
from flink_apps.data_generator.records.taxi_trip import TAXI_TRIP
from flink_apps.data_generator.settings import PROPERTIES, Seed, Settings
from flink_constructs.bundle import RUN_OPTIONS, RUN_OPTIONS_GROUP
from flink_constructs.kafka_settings import IAM_CLIENT_PROPERTIES
from stacks.registry import add_stacks
from tests.constructs.checks import only, permissions
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
VARIANTS: dict[str, dict[str, Any]] = {
    "default": {},
    "kafka": {"data-generator.sinks": "kafka"},
    "kinesis-and-kafka": {"data-generator.sinks": "kinesis,kafka"},
    "on-demand": {"data-generator.shards": "on-demand"},
    "load": {"stage": "load", "data-generator.records-per-second": "64000", "data-generator.parallelism": "3"},
    "taxi-trips": {
        "data-generator.sinks": "kinesis,kafka",
        "data-generator.record-type": "taxi-trip",
        "data-generator.records-per-second": "64000",
    },
    "wrong-on-purpose": {
        "data-generator.record-type": "taxi-trip",
        "data-generator.key-field": "vendor_id",
        "data-generator.seed": "7",
        "data-generator.start-time": "2024-02-01T00:00:00Z",
        "data-generator.faults-late": "0.01",
        "data-generator.faults-duplicate": "0.25",
        "data-generator.faults-malformed": "0.02",
        "data-generator.faults-out-of-range": "0.03",
        "data-generator.records-per-second": "64000",
    },
    "avro": {
        "data-generator.format": "avro-confluent",
        "data-generator.schema-registry-url": "https://registry.example.com",
    },
    "not-started-and-gone": {
        "data-generator.sinks": "kinesis,kafka",
        "data-generator.start": "false",
        "data-generator.retain": "false",
    },
}
WITHOUT_KAFKA = ["default", "on-demand", "load", "wrong-on-purpose", "avro"]
WITH_KINESIS = [*WITHOUT_KAFKA, "kinesis-and-kafka", "taxi-trips", "not-started-and-gone"]
WITH_KAFKA = ["kafka", "kinesis-and-kafka", "taxi-trips", "not-started-and-gone"]
TOPICS = {name: "taxi-trips" if name == "taxi-trips" else "stock-prices" for name in WITH_KAFKA}
STARTED = [*WITHOUT_KAFKA, "kafka", "kinesis-and-kafka", "taxi-trips"]
#: Properties that are written where the context has them, and the variants where it does.
ASKED_FOR = {
    formats.KEY_FIELD: "wrong-on-purpose",
    settings.SEED: "wrong-on-purpose",
    settings.START_TIME: "wrong-on-purpose",
    **dict.fromkeys(faults.PROPERTIES, "wrong-on-purpose"),
    formats.SCHEMA_REGISTRY_URL: "avro",
}


def variant(name: str) -> Variant:
    return make({"scenario": "data-generator", **VARIANTS[name]})


def read_by_the_job(groups: Mapping[str, Mapping[str, Any]]) -> Settings:
    """What the job makes of the property groups, once CloudFormation has put texts for what it knows only then."""
    texts = {
        settings.KINESIS_STREAM_ARN.name: "arn:aws:kinesis:eu-west-1:123456789012:stream/prices",
        settings.KINESIS_REGION.name: "eu-west-1",
        settings.KAFKA_BOOTSTRAP_SERVERS.name: "b-1.example.com:9098,b-2.example.com:9098",
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
        settings.KINESIS_STREAM_ARN.group: name in WITH_KINESIS,
        settings.KAFKA_TOPIC.group: name in WITH_KAFKA,
    }
    expected: dict[str, set[str]] = {}
    for prop in PROPERTIES:
        if sinks.get(prop.group, True) and ASKED_FOR.get(prop, name) == name:
            expected.setdefault(prop.group, set()).add(prop.key)
    if name in WITH_KAFKA:
        expected[settings.KAFKA_TOPIC.group] |= set(IAM_CLIENT_PROPERTIES)
    assert {group: set(properties) for group, properties in groups.items()} == expected


@pytest.mark.parametrize("name", VARIANTS)
def test_the_job_reads_what_the_stack_writes(name: str) -> None:
    read = read_by_the_job(variant(name).property_groups())
    assert read.records_per_second == (64_000 if name in ("load", "taxi-trips", "wrong-on-purpose") else 10)
    assert read.record_type is (TAXI_TRIP if name in ("taxi-trips", "wrong-on-purpose") else STOCK_PRICE)
    assert (read.kinesis is not None, read.kafka is not None) == (name in WITH_KINESIS, name in WITH_KAFKA)
    if read.kinesis:
        assert read.kinesis.stream == StreamArn(
            "arn:aws:kinesis:eu-west-1:123456789012:stream/prices", "eu-west-1", "prices"
        )
        assert (read.kinesis.region, read.kinesis.options) == ("eu-west-1", {})
    if read.kafka:
        assert read.kafka.bootstrap_servers == "b-1.example.com:9098,b-2.example.com:9098"
        assert (read.kafka.topic, read.kafka.producer) == (read.record_type.topic, IAM_CLIENT_PROPERTIES)


def test_the_job_reads_what_the_records_are_to_be() -> None:
    read = read_by_the_job(variant("wrong-on-purpose").property_groups())
    assert read.key_field == "vendor_id"
    assert read.seed == Seed(number=7, start_millis=1_706_745_600_000)
    assert read.faults == Faults(late=0.01, duplicate=0.25, malformed=0.02, out_of_range=0.03)
    avro = read_by_the_job(variant("avro").property_groups()).written
    assert avro == Written(format_name="avro-confluent", schema_registry_url="https://registry.example.com")


@pytest.mark.parametrize("name", VARIANTS)
def test_the_outputs_lead_to_the_application_its_log_and_its_sinks(name: str) -> None:
    outputs = variant(name).template.to_json()["Outputs"]
    expected = {"ApplicationName", "LogGroupName"}
    expected |= {"StreamName"} if name in WITH_KINESIS else set()
    expected |= {"BootstrapBrokers", "TopicName"} if name in WITH_KAFKA else set()
    assert set(outputs) == expected
    assert all(output["Description"] for output in outputs.values())
    assert outputs["ApplicationName"]["Value"] == {"Ref": only(variant(name).template, APPLICATION)["LogicalId"]}


@pytest.mark.parametrize("name", VARIANTS)
def test_the_application_is_started_unless_the_context_says_no(name: str) -> None:
    variant(name).template.resource_count_is(LIFECYCLE, 1 if name in STARTED else 0)


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


@pytest.mark.parametrize("name", WITH_KAFKA)
def test_the_job_may_write_to_its_topic_and_nothing_else(name: str) -> None:
    cluster = only(variant(name).template, CLUSTER)["LogicalId"]
    arn = {"Fn::GetAtt": [cluster, "Arn"]}
    parts = {"Fn::Split": [":cluster/", arn]}
    topic = [{"Fn::Select": [0, parts]}, ":topic/", {"Fn::Select": [1, parts]}, f"/{TOPICS[name]}"]
    of_kafka = [found for found in own_permissions(name) if found[0][0].startswith("kafka-cluster:")]
    assert of_kafka == [
        (["kafka-cluster:Connect", "kafka-cluster:WriteDataIdempotently"], json.dumps([arn])),
        (["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"], json.dumps([{"Fn::Join": ["", topic]}])),
    ]


@pytest.mark.parametrize("name", VARIANTS)
def test_the_job_has_no_permission_for_a_sink_that_it_does_not_have(name: str) -> None:
    services = {actions[0].split(":")[0] for actions, _ in own_permissions(name)}
    expected = {"kinesis"} if name in WITH_KINESIS else set()
    expected |= {"kafka-cluster"} if name in WITH_KAFKA else set()
    assert services == expected


@pytest.mark.parametrize("name", VARIANTS)
def test_the_job_reads_no_object_but_its_code(name: str) -> None:
    found = permissions(variant(name).template, of=variant(name).application_role())
    [(actions, [resource])] = [one for one in found if one[0][0].startswith("s3:")]
    assert actions == ["s3:GetObject", "s3:GetObjectVersion"]
    code = only(variant(name).template, APPLICATION)["Properties"]["ApplicationConfiguration"]
    key = code["ApplicationCodeConfiguration"]["CodeContent"]["S3ContentLocation"]["FileKey"]
    assert f"/{key}" in json.dumps(resource)


# The stream.


@pytest.mark.parametrize(
    ("name", "shards"),
    [("default", 1), ("kinesis-and-kafka", 1), ("load", 80), ("taxi-trips", 80), ("wrong-on-purpose", 100)],
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
def test_the_network_has_a_way_to_kinesis_only_where_there_is_a_stream(name: str) -> None:
    endpoints = variant(name).of_type("AWS::EC2::VPCEndpoint").values()
    interfaces = [one for one in endpoints if one["Properties"].get("VpcEndpointType") == "Interface"]
    names = [json.dumps(one["Properties"]["ServiceName"]) for one in interfaces]
    assert [".kinesis-streams" in one for one in names] == ([True] if name in WITH_KINESIS else [])


@pytest.mark.parametrize("name", WITH_KAFKA)
def test_only_the_application_may_reach_the_brokers_and_only_where_they_sign_clients_in_by_iam(name: str) -> None:
    template = variant(name).template
    [placed] = only(template, APPLICATION)["Properties"]["ApplicationConfiguration"]["VpcConfigurations"]
    [brokers] = only(template, CLUSTER)["Properties"]["BrokerNodeGroupInfo"]["SecurityGroups"]
    [application] = placed["SecurityGroupIds"]
    rule = only(template, "AWS::EC2::SecurityGroupIngress")["Properties"]
    assert (rule["GroupId"], rule["SourceSecurityGroupId"]) == (brokers, application)
    assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", 9098, 9098)
    group = variant(name).resources[brokers["Fn::GetAtt"][0]]
    assert "SecurityGroupIngress" not in group["Properties"]


@pytest.mark.parametrize("name", WITH_KAFKA)
def test_the_application_waits_for_the_topic(name: str) -> None:
    topic = only(variant(name).template, TOPIC)["LogicalId"]
    assert topic in only(variant(name).template, APPLICATION)["DependsOn"]


@pytest.mark.parametrize("name", ["kafka", "kinesis-and-kafka", "taxi-trips"])
def test_the_start_waits_for_the_ways_to_the_sinks_and_a_deletion_keeps_them_until_the_last_snapshot(name: str) -> None:
    needed = {
        *variant(name).of_type("AWS::EC2::SecurityGroupIngress"),
        *variant(name).of_type("AWS::EC2::VPCEndpoint"),
        *variant(name).of_type(TOPIC),
    }
    assert needed <= set(only(variant(name).template, LIFECYCLE)["DependsOn"])


@pytest.mark.parametrize("name", WITH_KAFKA)
def test_the_job_learns_the_brokers_from_the_cluster(name: str) -> None:
    bootstrap = only(variant(name).template, BOOTSTRAP)["LogicalId"]
    brokers = variant(name).property_groups()[settings.KAFKA_TOPIC.group][settings.KAFKA_BOOTSTRAP_SERVERS.key]
    assert brokers["Fn::GetAtt"][0] == bootstrap


# What is kept.

KEPT = [STREAM, CLUSTER, TOPIC, "AWS::MSK::Configuration", "AWS::EC2::VPC", "AWS::EC2::Subnet"]


@pytest.mark.parametrize(("name", "policy"), [("kinesis-and-kafka", "Retain"), ("not-started-and-gone", "Delete")])
def test_streams_clusters_and_their_network_stay_unless_the_context_says_no(name: str, policy: str) -> None:
    for resource_type in KEPT:
        for resource in variant(name).of_type(resource_type).values():
            assert resource.get("DeletionPolicy", "Delete") == policy, resource_type


@pytest.mark.parametrize(("name", "policy"), [("default", "Retain"), ("not-started-and-gone", "Delete")])
def test_what_the_job_logs_stays_unless_the_context_says_no(name: str, policy: str) -> None:
    log_group = variant(name).template.to_json()["Outputs"]["LogGroupName"]["Value"]["Ref"]
    assert variant(name).resources[log_group]["DeletionPolicy"] == policy


def test_nothing_at_all_stays_of_a_stack_that_is_to_go() -> None:
    resources = variant("not-started-and-gone").resources
    kept = {name for name, body in resources.items() if body.get("DeletionPolicy", "Delete") != "Delete"}
    assert kept == set()


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
    names = {only(Template.from_stack(stack), CLUSTER)["Properties"]["ClusterName"] for [stack] in stacks}
    assert len(names) == 2
