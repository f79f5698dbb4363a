"""The resource types, by their names, and what of them has no counterpart on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

from local.deploy.access import Access
from local.deploy.engine import CUSTOM, Handlers
from local.deploy.functions import FUNCTION_TYPE, CustomResources, Functions
from local.deploy.handler import Handler, RefusedError
from local.deploy.rehearsal import Rehearsal
from local.deploy.types import application, network, plain, servers, storage
from local.deploy.types.base import Guarded

_OF_ACCESS: dict[str, Callable[[Access], Handler]] = {
    "AWS::Cognito::IdentityPool": plain.IdentityPool,
    "AWS::Cognito::IdentityPoolRoleAttachment": plain.Kept,
    "AWS::Cognito::UserPool": plain.UserPool,
    "AWS::Cognito::UserPoolDomain": plain.UserPoolDomain,
    "AWS::EC2::EIP": network.Address,
    "AWS::EC2::FlowLog": network.FlowLog,
    "AWS::EC2::InternetGateway": network.InternetGateway,
    "AWS::EC2::NatGateway": network.NatGateway,
    "AWS::EC2::Route": network.Route,
    "AWS::EC2::RouteTable": network.RouteTable,
    "AWS::EC2::SecurityGroup": network.SecurityGroup,
    "AWS::EC2::SecurityGroupEgress": network.SecurityGroupRule,
    "AWS::EC2::SecurityGroupIngress": network.SecurityGroupRule,
    "AWS::EC2::Subnet": network.Subnet,
    "AWS::EC2::SubnetRouteTableAssociation": network.RouteTableAssociation,
    "AWS::EC2::VPC": network.Vpc,
    "AWS::EC2::VPCEndpoint": network.Endpoint,
    "AWS::EC2::VPCGatewayAttachment": network.GatewayAttachment,
    "AWS::IAM::Policy": plain.Policy,
    "AWS::IAM::Role": plain.Role,
    "AWS::KMS::Key": plain.Key,
    "AWS::Kinesis::Stream": storage.Stream,
    "AWS::KinesisAnalyticsV2::Application": application.Application,
    "AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption": application.LoggingOption,
    "AWS::KinesisFirehose::DeliveryStream": plain.DeliveryStream,
    "AWS::Logs::LogGroup": plain.LogGroup,
    "AWS::Logs::LogStream": plain.LogStream,
    "AWS::MSK::BatchScramSecret": plain.Kept,
    "AWS::S3::Bucket": storage.Bucket,
    "AWS::S3::BucketPolicy": storage.BucketPolicy,
    "AWS::SecretsManager::Secret": plain.Secret,
    "AWS::StepFunctions::StateMachine": plain.StateMachine,
    "Custom::OpenSearchDashboardsObjects": plain.KeptObjects,
    "Custom::OpenSearchSecurity": plain.Kept,
    **{name: kind.made_by for name, kind in plain.NAMED.items()},
}
_OF_REHEARSAL: dict[str, Callable[[Rehearsal], Handler]] = {
    "AWS::APS::RuleGroupsNamespace": servers.Rules,
    "AWS::APS::Workspace": servers.Workspace,
    "AWS::MSK::Cluster": servers.KafkaCluster,
    "AWS::MSK::Configuration": servers.KafkaConfiguration,
    "AWS::MSK::Topic": servers.KafkaTopic,
    "AWS::OpenSearchService::Domain": servers.SearchDomain,
    "Custom::KafkaBootstrapBrokers": servers.KafkaBootstrapBrokers,
    FUNCTION_TYPE: Functions,
}
#: What a rehearsal cannot show, by the types of which it is told.
WITHOUT_COUNTERPART = {
    "AWS::APS::Workspace": "one Prometheus, whose requests need no signature; its alerts go nowhere",
    "AWS::CloudWatch::Alarm": "no metrics come in, so alarms stay as they are made",
    "AWS::CloudWatch::Dashboard": "there is nothing that draws it",
    "AWS::Cognito::UserPool": "nobody signs in: OpenSearch Dashboards is not there",
    "AWS::EC2::NatGateway": "a record: nothing is routed through it",
    "AWS::EC2::SecurityGroup": "a record: all servers listen on this machine's loopback address",
    "AWS::EC2::VPCEndpoint": "a record: services are reached by their local addresses",
    "AWS::Kinesis::Stream": "encryption and on-demand mode: the emulator has neither",
    "AWS::KinesisFirehose::DeliveryStream": "a record: nothing is delivered",
    "AWS::MSK::Cluster": "one broker of one node, without TLS and without sign-in by IAM, SCRAM or certificate",
    "AWS::OpenSearchService::Domain": "one node without the security plugin and Dashboards",
    "AWS::S3::Bucket": "metrics of the bucket, and what its life cycle would delete later",
    "AWS::Scheduler::Schedule": "a record: nothing is called at its times",
    "Custom::OpenSearchDashboardsObjects": "kept: Dashboards is not there",
    "Custom::OpenSearchSecurity": "kept: the security plugin is not there",
}


def handlers(rehearsal: Rehearsal) -> Handlers:
    """The handlers of all types, with the servers that are there."""

    @cache
    def handler(kind: str) -> Handler:
        if kind in _OF_ACCESS:
            return Guarded(_OF_ACCESS[kind](rehearsal.access))
        if kind in _OF_REHEARSAL:
            return Guarded(_OF_REHEARSAL[kind](rehearsal))
        if kind.startswith(CUSTOM):
            return Guarded(CustomResources(rehearsal))
        raise RefusedError(f"{kind} has no counterpart here")

    return handler


def unknown(kinds: Iterable[str]) -> list[str]:
    """Those of some types that nothing here stands for."""
    known = {*_OF_ACCESS, *_OF_REHEARSAL}
    return sorted({kind for kind in kinds if kind not in known and not kind.startswith(CUSTOM)})
