"""A Kafka cluster that exists already: its topics, its clients, its metrics."""

from __future__ import annotations

import re
from typing import Any

import pytest
from aws_cdk import CfnParameter, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template

from flink_constructs.kafka_authentication import KafkaAuthentication
from flink_constructs.kafka_cluster import KafkaCluster
from flink_constructs.kafka_cluster_base import KafkaClusterBase
from flink_constructs.kafka_settings import CLIENT_PROPERTIES
from flink_constructs.validation import InvalidArgumentError
from tests.constructs.checks import findings, lint, new_stack, only, permissions

UUID = "8ed4c7ef-7ab6-4a8b-a1ef-4f1b0d1f0d5e-2"
ARN = f"arn:aws:kafka:eu-west-1:123456789012:cluster/trips/{UUID}"


def cluster_in(stack: Stack, **arguments: Any) -> KafkaClusterBase:
    given = {"cluster_arn": ARN, "number_of_brokers": 3, **arguments}
    return KafkaCluster.from_cluster_attributes(stack, "Kafka", **given)


def role_in(stack: Stack) -> iam.Role:
    return iam.Role(stack, "Job", assumed_by=iam.ServicePrincipal("kinesisanalytics.amazonaws.com"))


def arn_of(kind: str, name: str) -> str:
    return f"arn:aws:kafka:eu-west-1:123456789012:{kind}/trips/{UUID}/{name}"


def test_a_topic_that_is_there_already_is_granted_by_its_name() -> None:
    stack = new_stack()
    cluster, role = cluster_in(stack), role_in(stack)
    cluster.grant_read(role, "rides", group="etl")
    cluster.grant_write(role, "clean", transactional_id_prefix="etl")
    assert findings(stack) == []
    granted = permissions(Template.from_stack(stack), of="Job")
    assert (["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"], [arn_of("topic", "rides")]) in granted
    assert (["kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"], [arn_of("group", "etl")]) in granted
    assert (
        ["kafka-cluster:DescribeTopic", "kafka-cluster:DescribeTopicDynamicConfiguration", "kafka-cluster:WriteData"],
        [arn_of("topic", "clean")],
    ) in granted
    ids = [arn_of("transactional-id", "etl-*")]
    assert (["kafka-cluster:AlterTransactionalId", "kafka-cluster:DescribeTransactionalId"], ids) in granted


def test_a_topic_can_be_added_and_stays() -> None:
    stack = new_stack()
    cluster = cluster_in(stack)
    topic = cluster.add_topic("rides", partitions=6)
    template = Template.from_stack(stack)
    assert lint(template) == []
    resource = only(template, "AWS::MSK::Topic")
    assert resource["Properties"] == {
        "ClusterArn": ARN,
        "TopicName": "rides",
        "PartitionCount": 6,
        "ReplicationFactor": 3,
    }
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert stack.resolve(topic.arn) == arn_of("topic", "rides")
    template.resource_count_is("AWS::MSK::Cluster", 0)


def test_a_topic_is_checked_against_the_brokers_and_their_settings() -> None:
    cluster = cluster_in(new_stack(), server_properties={"default.replication.factor": 2})
    assert cluster.add_topic("two", partitions=1).resource.replication_factor == 2
    with pytest.raises(InvalidArgumentError, match=r"^replication_factor must be an integer from 1 to 3 \(got 4\)"):
        cluster.add_topic("four", partitions=1, replication_factor=4)
    with pytest.raises(InvalidArgumentError, match=r"^partitions must be an integer from 1 to 12000 \(got 12001\)"):
        cluster.add_topic("many", partitions=12_001)


def test_the_addresses_of_the_brokers_are_asked_for_unless_they_are_known() -> None:
    stack = new_stack()
    cluster = cluster_in(stack)
    assert cluster.bootstrap_brokers == cluster.bootstrap_brokers
    assert findings(stack) == []
    template = Template.from_stack(stack)
    template.resource_count_is("Custom::KafkaBootstrapBrokers", 1)
    assert (["kafka:GetBootstrapBrokers"], [ARN]) in permissions(template, of="KafkaBootstrapBrokersRole")
    stack = new_stack()
    assert cluster_in(stack, bootstrap_brokers="b-1:9098,b-2:9098").bootstrap_brokers == "b-1:9098,b-2:9098"
    assert Template.from_stack(stack).to_json().get("Resources", {}) == {}


@pytest.mark.parametrize("way", [KafkaAuthentication.IAM, KafkaAuthentication.TLS, KafkaAuthentication.UNAUTHENTICATED])
def test_clients_sign_in_as_the_cluster_wants_it(way: KafkaAuthentication) -> None:
    stack = new_stack()
    group = ec2.SecurityGroup.from_security_group_id(stack, "Brokers", "sg-12345678")
    cluster = cluster_in(stack, authentication=way, security_groups=[group])
    assert cluster.client_properties == CLIENT_PROPERTIES[way]
    assert cluster.secret is None
    cluster.connections.allow_default_port_from(ec2.Peer.ipv4("10.0.0.0/16"))
    rule = only(Template.from_stack(stack), "AWS::EC2::SecurityGroupIngress")["Properties"]
    assert (rule["GroupId"], rule["FromPort"], rule["ToPort"]) == ("sg-12345678", way.port, way.port)


def test_metrics_are_those_of_the_cluster_of_that_name() -> None:
    metric = cluster_in(new_stack()).metric_bytes_in_per_sec(2)
    assert metric.dimensions == {"Cluster Name": "trips", "Broker ID": "2"}


def test_connections_of_unknown_security_groups_are_refused() -> None:
    message = "connections must be asked of a cluster whose security groups are known; pass security_groups"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        _ = cluster_in(new_stack()).connections


def test_an_arn_that_is_known_only_at_deployment_passes() -> None:
    stack = new_stack()
    parameter = CfnParameter(stack, "Arn")
    cluster = cluster_in(stack, cluster_arn=parameter.value_as_string)
    assert stack.resolve(cluster.cluster_name) == {"Fn::Select": [1, {"Fn::Split": ["/", {"Ref": "Arn"}]}]}
    cluster.grant_read(role_in(stack), "rides", group="etl")
    assert lint(Template.from_stack(stack)) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cluster_arn": "trips"}, "cluster_arn must be the ARN of a cluster (got 'trips'); "),
        ({"cluster_arn": arn_of("topic", "rides")}, "cluster_arn must be the ARN of a cluster (got 'arn:aws:kafka:"),
        ({"number_of_brokers": 0}, "number_of_brokers must be an integer from 1 to 60 (got 0); "),
        ({"number_of_brokers": 61}, "number_of_brokers must be an integer from 1 to 60 (got 61); "),
        (
            {"authentication": KafkaAuthentication.SCRAM},
            "authentication must be iam, tls or unauthenticated for an existing cluster (got 'scram'); "
            "its secret is its owner's: make the client's settings of it, and grant it yourself",
        ),
        (
            {"server_properties": {"default.replication.factor": 4}},
            "server_properties['default.replication.factor'] must be an integer from 1 to 3 (got '4'); ",
        ),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_made(arguments: dict[str, Any], message: str) -> None:
    stack = new_stack()
    with pytest.raises(InvalidArgumentError, match=f"^{re.escape(message)}"):
        cluster_in(stack, **arguments)
    assert stack.node.children == []


def test_the_number_of_brokers_cannot_wait_for_the_deployment() -> None:
    stack = new_stack()
    number = CfnParameter(stack, "Number", type="Number").value_as_number
    with pytest.raises(InvalidArgumentError, match=r"^number_of_brokers must be known at synthesis \(got .*\); write"):
        cluster_in(stack, number_of_brokers=number)


def test_a_name_that_no_topic_can_have_is_refused() -> None:
    stack = new_stack()
    with pytest.raises(InvalidArgumentError, match=r"^topic must have 1 to 249 letters"):
        cluster_in(stack).grant_read(role_in(stack), "rides/*", group="etl")
