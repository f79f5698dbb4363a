"""Settings of `KafkaCluster`: what its clients need, its brokers' properties, and the rules for its arguments."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Token
from aws_cdk import aws_ec2 as ec2

from flink_constructs import validation
from flink_constructs.kafka_authentication import KafkaAuthentication
from flink_constructs.validation import InvalidArgumentError

#: How a Kafka client signs in with the IAM role it runs as; the classes are in ``aws-msk-iam-auth``
#: (https://docs.aws.amazon.com/msk/latest/developerguide/configure-clients-for-iam-access-control.html).
IAM_CLIENT_PROPERTIES: Mapping[str, str] = {
    "security.protocol": "SASL_SSL",
    "sasl.mechanism": "AWS_MSK_IAM",
    "sasl.jaas.config": "software.amazon.msk.auth.iam.IAMLoginModule required;",
    "sasl.client.callback.handler.class": "software.amazon.msk.auth.iam.IAMClientCallbackHandler",
}

#: How a Kafka client gets in where that takes no secret of the cluster's own.
CLIENT_PROPERTIES: Mapping[KafkaAuthentication, Mapping[str, str]] = {
    KafkaAuthentication.IAM: IAM_CLIENT_PROPERTIES,
    KafkaAuthentication.TLS: {"security.protocol": "SSL"},
    KafkaAuthentication.UNAUTHENTICATED: {"security.protocol": "PLAINTEXT"},
}

#: Brokers of a cluster in KRaft mode, by the service's default quota
#: (https://docs.aws.amazon.com/msk/latest/developerguide/limits.html).
MAX_BROKERS = 60


def server_properties(brokers: int, overrides: Mapping[str, str | int | bool]) -> dict[str, str]:
    """Broker settings: ``overrides`` over safe defaults for ``brokers`` brokers, as texts.

    Replication defaults follow ``default.replication.factor`` when that is overridden.
    """
    given = {key: _text(key, value) for key, value in overrides.items()}
    copies = _count(given, "default.replication.factor", default=min(3, brokers), high=brokers)
    # All copies would be one too many: no writes whenever a broker restarts, which each patch does.
    in_sync = _count(given, "min.insync.replicas", default=max(1, copies - 1), high=copies)
    return {
        "auto.create.topics.enable": "false",
        "default.replication.factor": str(copies),
        "min.insync.replicas": str(in_sync),
        "num.partitions": str(brokers),
        "offsets.topic.replication.factor": str(copies),
        "transaction.state.log.min.isr": str(in_sync),
        "transaction.state.log.replication.factor": str(copies),
        "unclean.leader.election.enable": "false",
        **given,
    }


def check_subnets(selected: ec2.SelectedSubnets) -> None:
    """Refuse subnets that are public, or that MSK would not take: one in each of 2 or 3 zones."""
    if selected.is_pending_lookup:
        return
    if selected.has_public:
        fix = "pass SubnetSelection(subnet_type=SubnetType.PRIVATE_ISOLATED)"
        raise InvalidArgumentError("subnets", "be private", "public subnets", fix)
    zones = selected.availability_zones
    if len(zones) not in {2, 3} or len(set(zones)) != len(zones):
        rule = "be one in each of 2 or 3 Availability Zones"
        raise InvalidArgumentError("subnets", rule, zones, "pass SubnetSelection(one_per_az=True, …)")


def check(
    *,
    cluster_name: str | None,
    kafka_version: str,
    number_of_brokers: int,
    zones: int,
    instance_type: str,
    ebs_volume_size_gib: int,
) -> None:
    """Refuse arguments of a cluster over ``zones`` subnets that the service would refuse later."""
    if cluster_name is not None:
        validation.matching(
            "cluster_name",
            cluster_name,
            pattern=r"[a-zA-Z0-9][a-zA-Z0-9-]{0,63}",
            rule="have 1 to 64 letters, digits or hyphens",
            fix="rename it",
        )
    validation.matching(
        "kafka_version",
        kafka_version,
        pattern=r"(3\.([6-9]|[1-9]\d)|[4-9]\.\d+)\.(\d+|x)(\.kraft)?",
        rule="be a version of MSK, 3.6 or later",
        fix="3.9.x.kraft is one; 'aws kafka list-kafka-versions' lists them",
    )
    # The copies of topics depend on it.
    validation.known_at_synthesis("number_of_brokers", number_of_brokers, fix=f"write a multiple of {zones}")
    validation.integer(
        "number_of_brokers", number_of_brokers, low=zones, high=MAX_BROKERS, fix=f"{zones} is one per subnet"
    )
    if number_of_brokers % zones:
        raise InvalidArgumentError(
            "number_of_brokers",
            f"be a multiple of {zones}, the number of subnets",
            number_of_brokers,
            f"{number_of_brokers - number_of_brokers % zones + zones} is the next one",
        )
    validation.matching(
        "instance_type",
        instance_type,
        pattern=r"kafka\.[a-z][a-z0-9]*\.(small|large|\d*xlarge)",
        rule="be a standard broker size, such as kafka.m7g.large",
        fix="see https://docs.aws.amazon.com/msk/latest/developerguide/broker-instance-sizes.html",
    )
    validation.integer(
        "ebs_volume_size_gib", ebs_volume_size_gib, low=1, high=16_384, fix="100 is a start, and it can grow"
    )


def check_existing(*, cluster_arn: str, number_of_brokers: int, authentication: KafkaAuthentication) -> None:
    """Refuse what is no cluster, and one whose clients cannot be told how to sign in."""
    validation.matching(
        "cluster_arn",
        cluster_arn,
        pattern=r"arn:[a-z-]+:kafka:[a-z0-9-]+:\d{12}:cluster/[a-zA-Z0-9-]{1,64}/[a-z0-9-]+",
        rule="be the ARN of a cluster",
        fix="'aws kafka list-clusters-v2' lists them",
    )
    validation.known_at_synthesis("number_of_brokers", number_of_brokers, fix="write the number of brokers")
    validation.integer(
        "number_of_brokers", number_of_brokers, low=1, high=MAX_BROKERS, fix="'aws kafka describe-cluster-v2' has it"
    )
    if authentication is KafkaAuthentication.SCRAM:
        rule = "be iam, tls or unauthenticated for an existing cluster"
        fix = "its secret is its owner's: make the client's settings of it, and grant it yourself"
        raise InvalidArgumentError("authentication", rule, authentication.value, fix)


def check_name(name: str, value: str) -> None:
    """Refuse what is no topic name; groups and transactions keep to the same letters, so that an ARN names just one."""
    validation.matching(
        name,
        value,
        pattern=r"[a-zA-Z0-9._-]{1,249}",
        rule="have 1 to 249 letters, digits, '.', '_' or '-'",
        fix="rename it",
    )


def _text(key: str, value: str | int | bool) -> str:
    where = f"server_properties[{key!r}]"
    validation.matching(
        where, key, pattern=r"[a-z]+(\.[a-z]+)*", rule="be a name such as log.retention.hours", fix="correct it"
    )
    text = str(value).lower() if isinstance(value, bool) else str(value)
    validation.matching(where, text, pattern=r"[^\r\n]+", rule="be one line of text", fix="write it in one line")
    return text


def _count(given: Mapping[str, str], key: str, *, default: int, high: int) -> int:
    text = given.get(key, str(default))
    # A token has no number yet, and topics are checked against this one.
    if Token.is_unresolved(text) or not text.isdecimal() or not 1 <= int(text) <= high:
        raise InvalidArgumentError(
            f"server_properties[{key!r}]", f"be an integer from 1 to {high}", text, f"{default} is the default"
        )
    return int(text)
