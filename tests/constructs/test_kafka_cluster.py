from __future__ import annotations

import re
from typing import Any

import pytest
from aws_cdk import CfnParameter, Duration, Environment, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk.assertions import Template

from flink_constructs import kafka_settings
from flink_constructs.kafka_cluster import EnhancedMonitoring, KafkaCluster
from flink_constructs.network import Network
from flink_constructs.validation import InvalidArgumentError
from tests.constructs.checks import AGNOSTIC, CONCRETE, findings, lint, new_stack, only


def _cluster(stack: Stack, *, zones: int = 3, **arguments: Any) -> KafkaCluster:
    network = Network(stack, "Network", availability_zones=zones)
    return KafkaCluster(stack, "Kafka", vpc=network.vpc, subnets=network.subnets, **arguments)


def _properties(template: Template) -> dict[str, Any]:
    properties: dict[str, Any] = only(template, "AWS::MSK::Cluster")["Properties"]
    return properties


def _server_properties(template: Template) -> dict[str, str]:
    text = only(template, "AWS::MSK::Configuration")["Properties"]["ServerProperties"]
    return dict(line.split("=", 1) for line in text.splitlines())


@pytest.mark.parametrize("env", [AGNOSTIC, CONCRETE])
def test_by_default_a_cluster_is_private_encrypted_logged_and_stays(env: Environment | None) -> None:
    stack = new_stack(env)
    cluster = _cluster(stack)
    cluster.add_topic("stock-prices", partitions=6)
    assert cluster.bootstrap_brokers
    template = Template.from_stack(stack)
    properties = _properties(template)
    assert properties["KafkaVersion"] == "3.9.x.kraft"
    assert properties["NumberOfBrokerNodes"] == 3
    assert properties["ClientAuthentication"] == {
        "Sasl": {"Iam": {"Enabled": True}},
        "Unauthenticated": {"Enabled": False},
    }
    assert properties["EncryptionInfo"] == {"EncryptionInTransit": {"ClientBroker": "TLS", "InCluster": True}}
    assert properties["EnhancedMonitoring"] == "DEFAULT"
    brokers = properties["BrokerNodeGroupInfo"]
    assert brokers["InstanceType"] == "kafka.m7g.large"
    assert brokers["StorageInfo"] == {"EBSStorageInfo": {"VolumeSize": 100}}
    assert "ConnectivityInfo" not in brokers  # public access is off unless asked for
    assert {subnet["Ref"] for subnet in brokers["ClientSubnets"]} == set(template.find_resources("AWS::EC2::Subnet"))
    for resource_type in ("AWS::MSK::Cluster", "AWS::MSK::Configuration", "AWS::MSK::Topic"):
        resource = only(template, resource_type)
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert findings(stack) == []
    assert lint(template) == []


def test_broker_logs_go_to_a_log_group_that_ends() -> None:
    stack = new_stack()
    _cluster(stack, log_retention=logs.RetentionDays.ONE_WEEK)
    template = Template.from_stack(stack)
    [(logical_id, log_group)] = template.find_resources(
        "AWS::Logs::LogGroup", {"Properties": {"RetentionInDays": 7}}
    ).items()
    assert log_group["DeletionPolicy"] == "RetainExceptOnCreate"
    assert _properties(template)["LoggingInfo"]["BrokerLogs"] == {
        "CloudWatchLogs": {"Enabled": True, "LogGroup": {"Ref": logical_id}}
    }


def test_a_cluster_takes_its_configuration_in_its_latest_revision() -> None:
    stack = new_stack()
    _cluster(stack)
    template = Template.from_stack(stack)
    configuration = only(template, "AWS::MSK::Configuration")["LogicalId"]
    assert _properties(template)["ConfigurationInfo"] == {
        "Arn": {"Fn::GetAtt": [configuration, "Arn"]},
        "Revision": {"Fn::GetAtt": [configuration, "LatestRevision.Revision"]},
    }


def test_a_cluster_that_goes_takes_all_it_has_along() -> None:
    stack = new_stack()
    _cluster(stack, removal_policy=RemovalPolicy.DESTROY).add_topic("prices", partitions=1)
    template = Template.from_stack(stack)
    kept = {
        resource["Type"]
        for logical_id, resource in template.to_json()["Resources"].items()
        if resource.get("DeletionPolicy") == "RetainExceptOnCreate" and not logical_id.startswith("Network")
    }
    assert kept == set()


def test_the_security_group_stays_with_a_cluster_that_stays() -> None:
    stack = new_stack()
    _cluster(stack)
    groups = Template.from_stack(stack).find_resources(
        "AWS::EC2::SecurityGroup", {"Properties": {"GroupDescription": "Kafka brokers"}}
    )
    assert [group["DeletionPolicy"] for group in groups.values()] == ["RetainExceptOnCreate"]


def test_a_cluster_encrypted_with_the_customers_key() -> None:
    stack = new_stack()
    _cluster(stack, encryption_key=kms.Key(stack, "Key", enable_key_rotation=True))
    template = Template.from_stack(stack)
    assert _properties(template)["EncryptionInfo"]["EncryptionAtRest"] == {
        "DataVolumeKMSKeyId": {"Fn::GetAtt": [only(template, "AWS::KMS::Key")["LogicalId"], "Arn"]}
    }
    assert findings(stack) == []
    assert lint(template) == []


@pytest.mark.parametrize(
    ("zones", "brokers", "copies", "in_sync"),
    [(2, 2, "2", "1"), (2, 4, "3", "2"), (3, 3, "3", "2"), (3, 6, "3", "2")],
)
def test_one_broker_may_fail_without_stopping_writes(zones: int, brokers: int, copies: str, in_sync: str) -> None:
    stack = new_stack()
    _cluster(stack, zones=zones, number_of_brokers=brokers)
    template = Template.from_stack(stack)
    assert _properties(template)["NumberOfBrokerNodes"] == brokers
    assert _server_properties(template) == {
        "auto.create.topics.enable": "false",
        "default.replication.factor": copies,
        "min.insync.replicas": in_sync,
        "num.partitions": str(brokers),
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.min.isr": in_sync,
        "transaction.state.log.replication.factor": copies,
        "unclean.leader.election.enable": "false",
    }


def test_server_properties_are_added_and_replaced() -> None:
    properties = kafka_settings.server_properties(
        3, {"default.replication.factor": 2, "auto.create.topics.enable": True, "log.retention.hours": 24}
    )
    assert properties["default.replication.factor"] == "2"
    assert properties["min.insync.replicas"] == "1"  # follows the number of copies
    assert properties["auto.create.topics.enable"] == "true"
    assert properties["log.retention.hours"] == "24"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            {"Log Retention": 1},
            "server_properties['Log Retention'] must be a name such as log.retention.hours (got 'Log Retention'); "
            "correct it",
        ),
        (
            {"log.dirs": "a\nb=c"},
            r"server_properties['log.dirs'] must be one line of text (got 'a\nb=c'); write it in one line",
        ),
        (
            {"default.replication.factor": 4},
            "server_properties['default.replication.factor'] must be an integer from 1 to 3 (got '4'); 3 is the "
            "default",
        ),
        (
            {"min.insync.replicas": "most"},
            "server_properties['min.insync.replicas'] must be an integer from 1 to 3 (got 'most'); 2 is the default",
        ),
        (
            {"default.replication.factor": 2, "min.insync.replicas": 3},
            "server_properties['min.insync.replicas'] must be an integer from 1 to 2 (got '3'); 1 is the default",
        ),
    ],
)
def test_server_properties_that_make_no_sense_are_refused(overrides: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=f"^{re.escape(message)}$"):
        kafka_settings.server_properties(3, overrides)


@pytest.mark.parametrize(
    "arguments",
    [
        {"kafka_version": "3.6.0"},
        {"kafka_version": "3.8.x"},
        {"kafka_version": "4.0.x.kraft"},
        {"kafka_version": "3.10.x.kraft"},
        {"instance_type": "kafka.m5.24xlarge"},
        {"instance_type": "kafka.t3.small"},
        {"instance_type": "kafka.m7g.xlarge"},
        {"ebs_volume_size_gib": 1},
        {"ebs_volume_size_gib": 16_384},
        {"cluster_name": "prices-2"},
        {"number_of_brokers": 60},
    ],
)
def test_arguments_in_range_are_kept(arguments: dict[str, Any]) -> None:
    stack = new_stack()
    _cluster(stack, **arguments)
    assert str(next(iter(arguments.values()))) in str(_properties(Template.from_stack(stack)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kafka_version": "3.5.1"}, "kafka_version must be a version of MSK, 3.6 or later (got '3.5.1'); "),
        ({"kafka_version": "latest"}, "kafka_version must be a version of MSK, 3.6 or later (got 'latest'); "),
        (
            {"instance_type": "m7g.large"},
            "instance_type must be a standard broker size, such as kafka.m7g.large (got 'm7g.large'); ",
        ),
        (
            {"instance_type": "express.m7g.large"},
            "instance_type must be a standard broker size, such as kafka.m7g.large (got 'express.m7g.large'); ",
        ),
        ({"ebs_volume_size_gib": 0}, "ebs_volume_size_gib must be an integer from 1 to 16384 (got 0); "),
        ({"ebs_volume_size_gib": 16_385}, "ebs_volume_size_gib must be an integer from 1 to 16384 (got 16385); "),
        ({"cluster_name": "stock_prices"}, "cluster_name must have 1 to 64 letters, digits or hyphens (got "),
        (
            {"number_of_brokers": 2},
            "number_of_brokers must be an integer from 3 to 60 (got 2); 3 is one per subnet",
        ),
        (
            {"number_of_brokers": 4},
            "number_of_brokers must be a multiple of 3, the number of subnets (got 4); 6 is the next one",
        ),
    ],
)
def test_arguments_out_of_range_are_refused_before_anything_is_made(arguments: dict[str, Any], message: str) -> None:
    stack = new_stack()
    with pytest.raises(InvalidArgumentError, match=f"^{re.escape(message)}"):
        _cluster(stack, **arguments)
    assert stack.node.try_find_child("Kafka") is None


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("kafka_version", ["KafkaVersion"]),
        ("cluster_name", ["ClusterName"]),
        ("instance_type", ["BrokerNodeGroupInfo", "InstanceType"]),
        ("ebs_volume_size_gib", ["BrokerNodeGroupInfo", "StorageInfo", "EBSStorageInfo", "VolumeSize"]),
    ],
)
def test_arguments_may_be_parameters_of_the_stack(name: str, path: list[str]) -> None:
    stack = new_stack()
    number = name.endswith("gib")
    parameter = CfnParameter(stack, "Given", type="Number" if number else "String")
    given: Any = parameter.value_as_number if number else parameter.value_as_string
    _cluster(stack, **{name: given})
    value: Any = _properties(Template.from_stack(stack))
    for key in path:
        value = value[key]
    assert value == {"Ref": "Given"}


def test_the_number_of_brokers_cannot_wait_for_the_deployment() -> None:
    stack = new_stack()
    brokers = CfnParameter(stack, "Brokers", type="Number").value_as_number
    with pytest.raises(InvalidArgumentError, match=r"^number_of_brokers must be known at synthesis"):
        _cluster(stack, number_of_brokers=brokers)


@pytest.mark.parametrize(
    ("subnet_type", "message"),
    [
        (ec2.SubnetType.PUBLIC, r"^subnets must be private \(got 'public subnets'\); pass SubnetSelection"),
        (ec2.SubnetType.PRIVATE_ISOLATED, r"^subnets must be one in each of 2 or 3 Availability Zones \(got \['"),
    ],
)
def test_subnets_that_msk_should_not_or_would_not_take_are_refused(subnet_type: ec2.SubnetType, message: str) -> None:
    stack = new_stack()
    vpc = ec2.Vpc(
        stack,
        "Vpc",
        max_azs=2,
        nat_gateways=0,
        subnet_configuration=[
            ec2.SubnetConfiguration(name="Public", subnet_type=ec2.SubnetType.PUBLIC),
            ec2.SubnetConfiguration(name="A", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
            ec2.SubnetConfiguration(name="B", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
        ],
    )
    with pytest.raises(InvalidArgumentError, match=message):
        KafkaCluster(stack, "Kafka", vpc=vpc, subnets=ec2.SubnetSelection(subnet_type=subnet_type))


def test_one_subnet_per_zone_can_be_chosen_by_name() -> None:
    stack = new_stack()
    network = Network(stack, "Network", nat_gateways=1)
    chosen = KafkaCluster(stack, "Kafka", vpc=network.vpc, subnets=ec2.SubnetSelection(subnet_group_name="Private"))
    assert chosen.number_of_brokers == 2


def test_the_private_subnets_are_taken_by_default() -> None:
    stack = new_stack()
    assert KafkaCluster(stack, "Kafka", vpc=Network(stack, "Network").vpc).number_of_brokers == 2


def test_a_topic_is_a_resource_of_the_cluster() -> None:
    stack = new_stack()
    topic = _cluster(stack).add_topic("stock-prices", partitions=6)
    template = Template.from_stack(stack)
    assert topic.name == "stock-prices"
    assert only(template, "AWS::MSK::Topic")["Properties"] == {
        "ClusterArn": {"Fn::GetAtt": [only(template, "AWS::MSK::Cluster")["LogicalId"], "Arn"]},
        "TopicName": "stock-prices",
        "PartitionCount": 6,
        "ReplicationFactor": 3,
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": ""}, "name must have 1 to 249 letters, digits, '.', '_' or '-' (got ''); rename it"),
        ({"name": "stock prices"}, "name must have 1 to 249 letters, digits, '.', '_' or '-' (got 'stock prices'); "),
        ({"name": "*"}, "name must have 1 to 249 letters, digits, '.', '_' or '-' (got '*'); rename it"),
        ({"name": ".."}, "name must not be '.', '..' or start with '__', Kafka's own (got '..'); rename it"),
        ({"name": "__offsets"}, "name must not be '.', '..' or start with '__', Kafka's own (got '__offsets'); "),
        ({"name": "there"}, "name must be new in its cluster (got 'there'); keep what add_topic returned"),
        ({"partitions": 0}, "partitions must be an integer from 1 to 12000 (got 0); choose a number in this range"),
        ({"replication_factor": 1}, "replication_factor must be an integer from 2 to 3 (got 1); with fewer copies"),
        ({"replication_factor": 4}, "replication_factor must be an integer from 2 to 3 (got 4); with fewer copies"),
    ],
)
def test_topics_that_kafka_would_refuse_are_refused(arguments: dict[str, Any], message: str) -> None:
    cluster = _cluster(new_stack())
    cluster.add_topic("there", partitions=1)
    with pytest.raises(InvalidArgumentError, match=f"^{re.escape(message)}"):
        cluster.add_topic(**{"name": "prices", "partitions": 1, **arguments})


@pytest.mark.parametrize(
    ("method", "metric_name"),
    [("metric_bytes_in_per_sec", "BytesInPerSec"), ("metric_messages_in_per_sec", "MessagesInPerSec")],
)
def test_metrics_are_those_of_one_broker(method: str, metric_name: str) -> None:
    cluster = _cluster(new_stack(), cluster_name="prices")
    metric = getattr(cluster, method)(3, period=Duration.minutes(1))
    assert (metric.namespace, metric.metric_name, metric.statistic) == ("AWS/Kafka", metric_name, "Average")
    assert metric.dimensions == {"Cluster Name": "prices", "Broker ID": "3"}
    assert metric.period.to_seconds() == 60
    with pytest.raises(InvalidArgumentError, match=r"^broker must be an integer from 1 to 3 \(got 4\)"):
        getattr(cluster, method)(4)


@pytest.mark.parametrize("level", list(EnhancedMonitoring))
def test_monitoring_levels_are_those_of_the_service(level: EnhancedMonitoring) -> None:
    stack = new_stack()
    _cluster(stack, enhanced_monitoring=level)
    assert _properties(Template.from_stack(stack))["EnhancedMonitoring"] == level.value
