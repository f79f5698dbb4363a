"""Each way in which clients of a Kafka cluster sign in: what the cluster, its clients and their roles get for it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aws_cdk import Environment, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template

from flink_constructs.kafka_authentication import KafkaAuthentication, ScramSecret
from flink_constructs.kafka_cluster import KafkaCluster
from flink_constructs.network import Network
from flink_constructs.validation import InvalidArgumentError
from stacks.project import ROOT
from tests.constructs.checks import AGNOSTIC, CONCRETE, findings, lint, new_stack, only, permissions

EACH = list(KafkaAuthentication)
#: The ways of other than roles.
OTHERS = [way for way in EACH if way is not KafkaAuthentication.IAM]
WITHOUT_SECRET = [way for way in EACH if way is not KafkaAuthentication.SCRAM]
SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - a type of resource
KEY = "AWS::KMS::Key"
ASSOCIATION = "AWS::MSK::BatchScramSecret"

#: What MSK's documentation says of each: the port, and the brokers' addresses for it.
PORTS = {"iam": 9098, "scram": 9096, "tls": 9094, "unauthenticated": 9092}
FIELDS = {
    "iam": "BootstrapBrokerStringSaslIam",
    "scram": "BootstrapBrokerStringSaslScram",
    "tls": "BootstrapBrokerStringTls",
    "unauthenticated": "BootstrapBrokerString",
}
CLIENT_AUTHENTICATION = {
    "iam": {"Sasl": {"Iam": {"Enabled": True}}, "Unauthenticated": {"Enabled": False}},
    "scram": {"Sasl": {"Scram": {"Enabled": True}}, "Unauthenticated": {"Enabled": False}},
    "tls": {"Unauthenticated": {"Enabled": True}},
    "unauthenticated": {"Unauthenticated": {"Enabled": True}},
}


def new_cluster(way: KafkaAuthentication, *, env: Environment | None = AGNOSTIC, **arguments: Any) -> KafkaCluster:
    stack = new_stack(env)
    network = Network(stack, "Network")
    return KafkaCluster(
        stack, "Kafka", vpc=network.vpc, subnets=network.subnets, authentication=way, cluster_name="prices", **arguments
    )


def template_of(cluster: KafkaCluster) -> Template:
    return Template.from_stack(Stack.of(cluster))


@pytest.mark.parametrize("way", EACH)
def test_a_cluster_lets_clients_in_by_this_way_and_no_other(way: KafkaAuthentication) -> None:
    properties = only(template_of(new_cluster(way)), "AWS::MSK::Cluster")["Properties"]
    assert properties["ClientAuthentication"] == CLIENT_AUTHENTICATION[way]


@pytest.mark.parametrize("way", EACH)
def test_only_clients_that_ask_for_no_encryption_get_none_and_brokers_among_themselves_have_it(
    way: KafkaAuthentication,
) -> None:
    encryption = only(template_of(new_cluster(way)), "AWS::MSK::Cluster")["Properties"]["EncryptionInfo"]
    plain = way is KafkaAuthentication.UNAUTHENTICATED
    assert encryption["EncryptionInTransit"] == {"ClientBroker": "PLAINTEXT" if plain else "TLS", "InCluster": True}


@pytest.mark.parametrize("way", EACH)
def test_only_the_port_for_this_way_is_opened(way: KafkaAuthentication) -> None:
    cluster = new_cluster(way)
    stack = Stack.of(cluster)
    vpc = stack.node.find_child("Network").vpc  # type: ignore[attr-defined] # it is a Network
    cluster.connections.allow_default_port_from(ec2.SecurityGroup(stack, "Job", vpc=vpc))
    rule = only(template_of(cluster), "AWS::EC2::SecurityGroupIngress")["Properties"]
    assert (rule["FromPort"], rule["ToPort"]) == (PORTS[way], PORTS[way])


@pytest.mark.parametrize("way", EACH)
def test_the_brokers_addresses_are_those_for_this_way(way: KafkaAuthentication) -> None:
    cluster = new_cluster(way)
    _, field = Stack.of(cluster).resolve(cluster.bootstrap_brokers)["Fn::GetAtt"]
    update = only(template_of(cluster), "Custom::KafkaBootstrapBrokers")["Properties"]["Update"]
    assert field == FIELDS[way]
    assert f'"outputPaths":["{field}"]' in "".join(map(str, update["Fn::Join"][1]))


@pytest.mark.parametrize("way", EACH)
@pytest.mark.parametrize("env", [AGNOSTIC, CONCRETE])
def test_nobody_objects_to_a_cluster(way: KafkaAuthentication, env: Environment | None) -> None:
    cluster = new_cluster(way, env=env)
    role = iam.Role(cluster, "Job", assumed_by=iam.ServicePrincipal("kinesisanalytics.amazonaws.com"))
    cluster.grant_write(role, cluster.add_topic("prices", partitions=1))
    assert findings(Stack.of(cluster)) == []
    assert lint(template_of(cluster), region="eu-west-1") == []


@pytest.mark.parametrize(
    ("way", "protocol"), [(KafkaAuthentication.TLS, "SSL"), (KafkaAuthentication.UNAUTHENTICATED, "PLAINTEXT")]
)
def test_clients_that_do_not_sign_in_are_told_the_protocol_alone(way: KafkaAuthentication, protocol: str) -> None:
    assert new_cluster(way).client_properties == {"security.protocol": protocol}


# What roles may do.


@pytest.mark.parametrize("way", WITHOUT_SECRET)
def test_no_secret_is_made_where_clients_have_no_password(way: KafkaAuthentication) -> None:
    for resource_type in (SECRET, KEY, ASSOCIATION):
        template_of(new_cluster(way)).resource_count_is(resource_type, 0)


def granted(way: KafkaAuthentication, *, write: bool) -> tuple[Template, list[tuple[list[str], list[Any]]]]:
    """The template of a job that may write or read a topic, and what its role may do."""
    cluster = new_cluster(way)
    role = iam.Role(cluster, "Job", assumed_by=iam.ServicePrincipal("kinesisanalytics.amazonaws.com"))
    topic = cluster.add_topic("prices", partitions=1)
    if write:
        cluster.grant_write(role, topic, transactional_id_prefix="generator")
    else:
        cluster.grant_read(role, topic, group="etl")
    template = template_of(cluster)
    return template, permissions(template, of="KafkaJob")


@pytest.mark.parametrize("write", [True, False])
@pytest.mark.parametrize("way", [KafkaAuthentication.TLS, KafkaAuthentication.UNAUTHENTICATED])
def test_a_client_that_does_not_sign_in_needs_no_permission(way: KafkaAuthentication, write: bool) -> None:
    assert granted(way, write=write)[1] == []


@pytest.mark.parametrize("write", [True, False])
def test_a_client_with_a_password_may_read_the_one_secret_and_use_its_key_for_that(write: bool) -> None:
    template, found = granted(KafkaAuthentication.SCRAM, write=write)
    assert found == [
        (["secretsmanager:GetSecretValue"], [{"Ref": only(template, SECRET)["LogicalId"]}]),
        (["kms:Decrypt"], [{"Fn::GetAtt": [only(template, KEY)["LogicalId"], "Arn"]}]),
    ]
    [conditions] = [
        statement["Condition"]
        for policy in template.find_resources("AWS::IAM::Policy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Action"] == "kms:Decrypt"
    ]
    service = {"Fn::Join": ["", ["secretsmanager.", {"Ref": "AWS::Region"}, ".", {"Ref": "AWS::URLSuffix"}]]}
    assert conditions == {"StringEquals": {"kms:ViaService": service}}


@pytest.mark.parametrize("way", OTHERS)
def test_names_that_kafka_would_refuse_are_refused_in_every_way(way: KafkaAuthentication) -> None:
    cluster = new_cluster(way)
    role = iam.Role(cluster, "Job", assumed_by=iam.ServicePrincipal("kinesisanalytics.amazonaws.com"))
    topic = cluster.add_topic("prices", partitions=1)
    with pytest.raises(InvalidArgumentError, match=r"^transactional_id_prefix must have 1 to 249 letters"):
        cluster.grant_write(role, topic, transactional_id_prefix="*")
    with pytest.raises(InvalidArgumentError, match=r"^group must have 1 to 249 letters"):
        cluster.grant_read(role, topic, group="*")


# The secret.


def test_the_secret_is_as_msk_wants_it() -> None:
    template = template_of(new_cluster(KafkaAuthentication.SCRAM))
    secret, key = only(template, SECRET)["Properties"], only(template, KEY)
    assert secret["Name"]["Fn::Join"][1][0].startswith("AmazonMSK_")
    assert secret["KmsKeyId"] == {"Fn::GetAtt": [key["LogicalId"], "Arn"]}
    assert key["Properties"]["EnableKeyRotation"] is True
    assert only(template, ASSOCIATION)["Properties"] == {
        "ClusterArn": {"Fn::GetAtt": [only(template, "AWS::MSK::Cluster")["LogicalId"], "Arn"]},
        "SecretArnList": [{"Ref": only(template, SECRET)["LogicalId"]}],
    }


def test_topics_are_made_after_the_cluster_has_taken_the_secret() -> None:
    cluster = new_cluster(KafkaAuthentication.SCRAM)
    cluster.add_topic("prices", partitions=1)
    template = template_of(cluster)
    assert only(template, ASSOCIATION)["LogicalId"] in only(template, "AWS::MSK::Topic")["DependsOn"]


def test_the_password_is_made_up_where_it_is_kept_and_has_nothing_that_ends_a_quotation() -> None:
    generated = only(template_of(new_cluster(KafkaAuthentication.SCRAM)), SECRET)["Properties"]["GenerateSecretString"]
    assert json.loads(generated["SecretStringTemplate"]) == {"username": "flink"}
    assert (generated["GenerateStringKey"], generated["PasswordLength"]) == ("password", 32)
    assert generated["ExcludePunctuation"] is True


@pytest.mark.parametrize(
    ("policy", "expected"),
    [(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE, "RetainExceptOnCreate"), (RemovalPolicy.DESTROY, "Delete")],
)
def test_the_secret_stays_with_its_cluster(policy: RemovalPolicy, expected: str) -> None:
    template = template_of(new_cluster(KafkaAuthentication.SCRAM, removal_policy=policy))
    for resource_type in ("AWS::MSK::Cluster", SECRET, KEY, ASSOCIATION):
        assert only(template, resource_type)["DeletionPolicy"] == expected, resource_type


def test_clients_name_the_secret_and_do_not_hold_what_is_in_it() -> None:
    cluster = new_cluster(KafkaAuthentication.SCRAM)
    name = only(template_of(cluster), SECRET)["Properties"]["Name"]
    properties = Stack.of(cluster).resolve(cluster.client_properties)
    assert (properties["security.protocol"], properties["sasl.mechanism"]) == ("SASL_SSL", "SCRAM-SHA-512")
    [start, uuid] = name["Fn::Join"][1]
    assert properties["sasl.jaas.config"]["Fn::Join"] == [
        "",
        [
            f'org.apache.kafka.common.security.scram.ScramLoginModule required username="${{secrets-manager:{start}',
            uuid,
            f':username}}" password="${{secrets-manager:{start}',
            uuid,
            ':password}";',
        ],
    ]
    assert properties["config.providers"] == ScramSecret.PROVIDER
    assert properties["config.providers.secrets-manager.param.region"] == {"Ref": "AWS::Region"}


def test_the_class_that_reads_the_secret_is_among_the_connectors() -> None:
    name = new_cluster(KafkaAuthentication.SCRAM).client_properties["config.providers.secrets-manager.class"]
    sources = ROOT / "flink_apps" / "connectors" / "kafkasecrets" / "src" / "main" / "java"
    assert (sources / (name.replace(".", "/") + ".java")).is_file()
