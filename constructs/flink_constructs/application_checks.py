"""What the service would refuse of an application's arguments, found out at synthesis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import Duration, Token
from aws_cdk import aws_ec2 as ec2

from flink_constructs import validation
from flink_constructs.bundle import RUN_OPTIONS_GROUP
from flink_constructs.network import selected_subnets
from flink_constructs.validation import InvalidArgumentError

#: Service quota "KPUs per application" (https://docs.aws.amazon.com/managed-flink/latest/java/limits.html); it can be
#: raised, then pass ``max_kpus``.
DEFAULT_MAX_KPUS = 64


def check_properties(
    groups: Mapping[str, Mapping[str, str]], *, run_options: Mapping[str, str], description: str | None
) -> None:
    """Refuse property groups, or a description, that the service would; ``run_options`` take one of the groups."""
    if RUN_OPTIONS_GROUP in groups:
        rule = f"leave {RUN_OPTIONS_GROUP} out"
        fix = "it comes with the code of a Python job"
        raise InvalidArgumentError("property_groups", rule, dict(groups[RUN_OPTIONS_GROUP]), fix)
    validation.property_groups("property_groups", groups, high=49 if run_options else 50)
    if description is not None:
        validation.short_text("description", description, low=0, high=1024, fix="shorten it")


def check_checkpoints(*, interval: Duration, min_pause: Duration) -> None:
    """Refuse times out of range."""
    for name, value, low, fix in (
        ("checkpoint_interval", interval, Duration.seconds(1), "60 seconds suits most jobs"),
        ("min_pause_between_checkpoints", min_pause, Duration.seconds(0), "5 seconds suits most jobs"),
    ):
        validation.duration(name, value, low=low, high=Duration.hours(1), fix=fix)


def checked_subnets(vpc: ec2.IVpc | None, selection: ec2.SubnetSelection | None) -> ec2.SelectedSubnets | None:
    """The chosen subnets of a VPC; none without a VPC."""
    if vpc is None:
        if selection is not None:
            raise InvalidArgumentError("vpc_subnets", "come with vpc", "no vpc", "pass the VPC that they are in")
        return None
    subnets = selected_subnets(vpc, selection)
    if not subnets.is_pending_lookup:
        count = len(subnets.subnet_ids)
        validation.integer("the number of vpc_subnets", count, low=1, high=16, fix="one per zone is enough")
    return subnets


def check_security_groups(vpc: ec2.IVpc | None, security_groups: Sequence[ec2.ISecurityGroup] | None) -> None:
    """Refuse security groups without a VPC, and a number of them that the service would refuse."""
    if security_groups is None:
        return
    if vpc is None:
        raise InvalidArgumentError("security_groups", "come with vpc", "no vpc", "pass the VPC that they are in")
    validation.integer(
        "the number of security_groups", len(security_groups), low=1, high=5, fix="leave them out for a new one"
    )


def check_arn(application_arn: str) -> None:
    """Refuse what is no ARN of an application."""
    validation.matching(
        "application_arn",
        application_arn,
        pattern=r"arn:[a-z-]+:kinesisanalytics:[a-z0-9-]+:\d{12}:application/[a-zA-Z0-9_.-]{1,128}",
        rule="be the ARN of an application",
        fix="'aws kinesisanalyticsv2 list-applications' lists them",
    )


def check_parallelism(*, parallelism: int, parallelism_per_kpu: int, max_kpus: int) -> None:
    """Refuse a parallelism that the KPUs cannot hold."""
    validation.integer("parallelism", parallelism, low=1, high=10_000, fix="1 is a good start")
    validation.integer("parallelism_per_kpu", parallelism_per_kpu, low=1, high=8, fix="the service's range is 1 to 8")
    validation.known_at_synthesis("max_kpus", max_kpus, fix="write the quota")
    validation.integer("max_kpus", max_kpus, low=1, high=10_000, fix=f"{DEFAULT_MAX_KPUS} is the service's default")
    if Token.is_unresolved(parallelism) or Token.is_unresolved(parallelism_per_kpu):
        return
    holds = max_kpus * parallelism_per_kpu
    if parallelism > holds:
        raise InvalidArgumentError(
            "parallelism",
            f"fit into {max_kpus} KPUs of {parallelism_per_kpu}, that is {holds} at most",
            parallelism,
            "lower it, raise parallelism_per_kpu, or have the quota raised and set max_kpus",
        )
