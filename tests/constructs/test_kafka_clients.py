"""What clients of a Kafka cluster may do, where they find it, and how they sign in."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import Environment, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template

from flink_constructs.kafka_cluster import KafkaCluster
from flink_constructs.network import Network
from flink_constructs.validation import InvalidArgumentError
from tests.constructs.checks import AGNOSTIC, CONCRETE, findings, lint, new_stack, only, permissions


def _cluster(stack: Stack, **arguments: Any) -> KafkaCluster:
    network = Network(stack, "Network", availability_zones=3)
    return KafkaCluster(stack, "Kafka", vpc=network.vpc, subnets=network.subnets, **arguments)


class _Granted:
    """A job with one grant on a topic of a cluster, and what it may do."""

    def __init__(self, *, write: bool, env: Environment | None = AGNOSTIC, **arguments: Any) -> None:
        stack = new_stack(env)
        role = iam.Role(stack, "Job", assumed_by=iam.ServicePrincipal("kinesisanalytics.amazonaws.com"))
        cluster = _cluster(stack)
        topic = cluster.add_topic("prices", partitions=1)
        grant = cluster.grant_write if write else cluster.grant_read
        grant(role, topic, **arguments).assert_success()
        template = Template.from_stack(stack)
        assert findings(stack) == []
        assert lint(template) == []
        self.cluster = {"Fn::GetAtt": [only(template, "AWS::MSK::Cluster")["LogicalId"], "Arn"]}
        self.permissions = permissions(template, of="Job")

    def part(self, kind: str, name: str) -> dict[str, Any]:
        split = {"Fn::Split": [":cluster/", self.cluster]}
        before, after = {"Fn::Select": [0, split]}, {"Fn::Select": [1, split]}
        return {"Fn::Join": ["", [before, f":{kind}/", after, f"/{name}"]]}


@pytest.mark.parametrize("env", [AGNOSTIC, CONCRETE])
def test_a_writer_may_write_to_its_topic_and_nothing_else(env: Environment | None) -> None:
    granted = _Granted(write=True, env=env)
    assert granted.permissions == [
        (["kafka-cluster:Connect", "kafka-cluster:WriteDataIdempotently"], [granted.cluster]),
        (
            [
                "kafka-cluster:DescribeTopic",
                "kafka-cluster:DescribeTopicDynamicConfiguration",
                "kafka-cluster:WriteData",
            ],
            [granted.part("topic", "prices")],
        ),
    ]


def test_an_exactly_once_writer_may_use_transactions_of_its_prefix() -> None:
    granted = _Granted(write=True, transactional_id_prefix="generator")
    assert granted.permissions[2:] == [
        (
            ["kafka-cluster:AlterTransactionalId", "kafka-cluster:DescribeTransactionalId"],
            [granted.part("transactional-id", "generator-*")],
        ),
    ]


def test_a_reader_may_read_its_topic_in_its_group_and_nothing_else() -> None:
    granted = _Granted(write=False, group="etl")
    assert granted.permissions == [
        (["kafka-cluster:Connect"], [granted.cluster]),
        (["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"], [granted.part("topic", "prices")]),
        (["kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"], [granted.part("group", "etl")]),
    ]


@pytest.mark.parametrize(("write", "arguments"), [(True, {"transactional_id_prefix": "*"}), (False, {"group": "etl*"})])
def test_names_that_would_widen_a_permission_are_refused(write: bool, arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgumentError, match=r"must have 1 to 249 letters, digits, '\.', '_' or '-' \(got "):
        _Granted(write=write, **arguments)


def test_only_those_allowed_reach_the_brokers_and_only_where_iam_is_asked_for() -> None:
    stack = new_stack()
    network = Network(stack, "Network")
    cluster = KafkaCluster(stack, "Kafka", vpc=network.vpc, subnets=network.subnets)
    job = ec2.SecurityGroup(stack, "Job", vpc=network.vpc, allow_all_outbound=False)
    cluster.connections.allow_default_port_from(job)
    job.connections.allow_to_default_port(cluster)
    template = Template.from_stack(stack)
    for resource_type, field in (
        ("AWS::EC2::SecurityGroupIngress", "SourceSecurityGroupId"),
        ("AWS::EC2::SecurityGroupEgress", "DestinationSecurityGroupId"),
    ):
        rule = only(template, resource_type)["Properties"]
        assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", 9098, 9098)
        assert "Fn::GetAtt" in rule[field]
    assert findings(stack) == []


def test_the_brokers_are_asked_for_once_by_a_role_that_may_do_nothing_else() -> None:
    stack = new_stack()
    cluster = _cluster(stack, number_of_brokers=6, cluster_name="prices")
    assert stack.resolve(cluster.bootstrap_brokers) == stack.resolve(cluster.bootstrap_brokers)
    template = Template.from_stack(stack)
    resource = only(template, "Custom::KafkaBootstrapBrokers")
    arn = {"Fn::GetAtt": [only(template, "AWS::MSK::Cluster")["LogicalId"], "Arn"]}
    assert stack.resolve(cluster.bootstrap_brokers) == {
        "Fn::GetAtt": [resource["LogicalId"], "BootstrapBrokerStringSaslIam"]
    }
    assert resource["Properties"]["InstallLatestAwsSdk"] is False
    assert "prices-6" in str(resource["Properties"]["Update"])  # asks anew when brokers are added
    assert "Delete" not in resource["Properties"]
    function = only(template, "AWS::Lambda::Function")["Properties"]
    log_group = function["LoggingConfig"]["LogGroup"]["Ref"]
    role = function["Role"]["Fn::GetAtt"][0]
    assert "ManagedPolicyArns" not in template.find_resources("AWS::IAM::Role")[role]["Properties"]
    assert sorted(permissions(template, of=role), key=str) == [
        (["kafka:GetBootstrapBrokers"], [arn]),
        (["logs:CreateLogStream", "logs:PutLogEvents"], [{"Fn::GetAtt": [log_group, "Arn"]}]),
    ]
    assert template.find_resources("AWS::Logs::LogGroup")[log_group]["Properties"]["RetentionInDays"] == 30


def test_no_function_is_made_for_a_cluster_whose_brokers_nobody_asks_for() -> None:
    stack = new_stack()
    _cluster(stack)
    Template.from_stack(stack).resource_count_is("AWS::Lambda::Function", 0)


def test_two_clusters_in_a_stack_share_the_function_and_each_gets_its_answer() -> None:
    stack = new_stack()
    network = Network(stack, "Network")
    for name in ("A", "B"):
        assert KafkaCluster(stack, name, vpc=network.vpc, subnets=network.subnets).bootstrap_brokers
    template = Template.from_stack(stack)
    template.resource_count_is("AWS::Lambda::Function", 1)
    role = only(template, "AWS::Lambda::Function")["Properties"]["Role"]["Fn::GetAtt"][0]
    asked = [arns for actions, arns in permissions(template, of=role) if actions == ["kafka:GetBootstrapBrokers"]]
    assert len(asked) == 2
    assert findings(stack) == []
    assert lint(template) == []


def test_clients_sign_in_with_iam_over_tls() -> None:
    assert _cluster(new_stack()).client_properties == {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "AWS_MSK_IAM",
        "sasl.jaas.config": "software.amazon.msk.auth.iam.IAMLoginModule required;",
        "sasl.client.callback.handler.class": "software.amazon.msk.auth.iam.IAMClientCallbackHandler",
    }
