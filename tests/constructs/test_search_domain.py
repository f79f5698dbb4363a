from __future__ import annotations

import json
import re
from typing import Any

import pytest
from aws_cdk import CfnParameter, Duration, Environment, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk.assertions import Match, Template

from flink_constructs.network import Network
from flink_constructs.search_domain import SearchDomain
from flink_constructs.validation import InvalidArgumentError
from tests.constructs.checks import AGNOSTIC, CONCRETE, findings, lint, new_stack, only

BODY = {"index_patterns": ["trips"], "template": {"settings": {"number_of_shards": 1}}}


def _domain(stack: Stack, *, zones: int = 2, **arguments: Any) -> SearchDomain:
    network = Network(stack, "Network", availability_zones=zones)
    return SearchDomain(stack, "Search", vpc=network.vpc, subnets=network.subnets, **arguments)


def _properties(template: Template) -> dict[str, Any]:
    properties: dict[str, Any] = only(template, "AWS::OpenSearchService::Domain")["Properties"]
    return properties


@pytest.mark.parametrize("env", [AGNOSTIC, CONCRETE])
def test_by_default_a_domain_is_private_encrypted_and_stays(env: Environment | None) -> None:
    stack = new_stack(env)
    _domain(stack)
    template = Template.from_stack(stack)
    properties = _properties(template)
    assert properties["EngineVersion"] == "OpenSearch_2.19"
    assert properties["EncryptionAtRestOptions"] == {"Enabled": True}
    assert properties["NodeToNodeEncryptionOptions"] == {"Enabled": True}
    assert properties["DomainEndpointOptions"] == {
        "EnforceHTTPS": True,
        "TLSSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10",
    }
    assert properties["ClusterConfig"] == {
        "DedicatedMasterEnabled": False,
        "InstanceCount": 2,
        "InstanceType": "r7g.medium.search",
        "ZoneAwarenessConfig": {"AvailabilityZoneCount": 2},
        "ZoneAwarenessEnabled": True,
    }
    assert properties["EBSOptions"] == {"EBSEnabled": True, "VolumeSize": 100, "VolumeType": "gp3"}
    subnets = {subnet["Ref"] for subnet in properties["VPCOptions"]["SubnetIds"]}
    assert subnets == set(template.find_resources("AWS::EC2::Subnet"))
    assert "DomainName" not in properties
    domain = only(template, "AWS::OpenSearchService::Domain")
    assert (domain["DeletionPolicy"], domain["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert findings(stack) == []
    assert lint(template) == []


def test_only_iam_decides_who_signs_in_and_the_installer_is_the_master() -> None:
    stack = new_stack()
    _domain(stack)
    template = Template.from_stack(stack)
    properties = _properties(template)
    [function] = template.find_resources(
        "AWS::Lambda::Function", {"Properties": {"Handler": "search_handler.index.on_event"}}
    ).values()
    assert properties["AdvancedSecurityOptions"] == {
        "Enabled": True,
        "InternalUserDatabaseEnabled": False,
        "MasterUserOptions": {"MasterUserARN": function["Properties"]["Role"]},
    }
    assert "AccessPolicies" not in properties


def test_a_new_version_is_an_upgrade_not_another_domain() -> None:
    stack = new_stack()
    _domain(stack, engine_version="OpenSearch_3.1")
    domain = only(Template.from_stack(stack), "AWS::OpenSearchService::Domain")
    assert domain["Properties"]["EngineVersion"] == "OpenSearch_3.1"
    assert domain["UpdatePolicy"] == {"EnableVersionUpgrade": True}


def test_every_log_goes_to_a_group_of_its_own_that_ends() -> None:
    stack = new_stack()
    domain = _domain(stack, log_retention=logs.RetentionDays.ONE_WEEK)
    options = _properties(Template.from_stack(stack))["LogPublishingOptions"]
    assert options == {
        log: {"Enabled": True, "CloudWatchLogsLogGroupArn": stack.resolve(domain.log_groups[log].log_group_arn)}
        for log in ("ES_APPLICATION_LOGS", "INDEX_SLOW_LOGS", "SEARCH_SLOW_LOGS", "AUDIT_LOGS")
    }
    groups = Template.from_stack(stack).find_resources("AWS::Logs::LogGroup", {"Properties": {"RetentionInDays": 7}})
    assert len(groups) == 4 + 1  # the installer's as well


def test_the_service_may_write_to_these_logs_before_the_domain_is_made() -> None:
    stack = new_stack()
    domain = _domain(stack)
    template = Template.from_stack(stack)
    policy = only(template, "AWS::Logs::ResourcePolicy")
    text = json.dumps(policy["Properties"]["PolicyDocument"])
    for group in domain.log_groups.values():
        assert json.dumps(stack.resolve(group.log_group_arn)) in text
    assert "aws:SourceAccount" in text
    assert ":domain/*" in text
    assert policy["LogicalId"] in only(template, "AWS::OpenSearchService::Domain")["DependsOn"]


def test_a_policy_that_stays_is_not_in_the_way_of_the_next_stack() -> None:
    stack = new_stack()
    _domain(stack)
    name = only(Template.from_stack(stack), "AWS::Logs::ResourcePolicy")["Properties"]["PolicyName"]
    assert {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]} in name["Fn::Join"][1]


def test_a_domain_that_stays_keeps_its_network_side_its_logs_and_its_templates() -> None:
    stack = new_stack()
    _domain(stack).add_index_template("trips", BODY)
    resources = Template.from_stack(stack).to_json()["Resources"]
    kept = {
        resource["Type"]
        for logical_id, resource in resources.items()
        if resource.get("DeletionPolicy") == "RetainExceptOnCreate" and not logical_id.startswith("Network")
    }
    assert kept == {
        "AWS::EC2::SecurityGroup",
        "AWS::Logs::LogGroup",
        "AWS::Logs::ResourcePolicy",
        "AWS::OpenSearchService::Domain",
        "Custom::OpenSearchObjects",
        "Custom::OpenSearchSecurity",
    }


def test_a_domain_that_goes_takes_all_it_has_along() -> None:
    stack = new_stack()
    _domain(stack, removal_policy=RemovalPolicy.DESTROY).add_index_template("trips", BODY)
    resources = Template.from_stack(stack).to_json()["Resources"]
    kept = [
        resource["Type"]
        for logical_id, resource in resources.items()
        if resource.get("DeletionPolicy") == "RetainExceptOnCreate" and not logical_id.startswith("Network")
    ]
    assert kept == ["Custom::OpenSearchSecurity"]  # the audit log's switch, which is no thing to delete


def test_a_domain_encrypted_with_the_customers_key() -> None:
    stack = new_stack()
    _domain(stack, encryption_key=kms.Key(stack, "Key", enable_key_rotation=True))
    template = Template.from_stack(stack)
    assert _properties(template)["EncryptionAtRestOptions"] == {
        "Enabled": True,
        "KmsKeyId": {"Ref": only(template, "AWS::KMS::Key")["LogicalId"]},
    }
    assert findings(stack) == []
    assert lint(template) == []


def test_a_single_node_is_in_one_zone_for_who_asks_for_it() -> None:
    stack = new_stack()
    _domain(stack, data_nodes=1)
    template = Template.from_stack(stack)
    properties = _properties(template)
    assert properties["ClusterConfig"]["InstanceCount"] == 1
    assert properties["ClusterConfig"]["ZoneAwarenessEnabled"] is False
    assert "ZoneAwarenessConfig" not in properties["ClusterConfig"]
    assert len(properties["VPCOptions"]["SubnetIds"]) == 1
    assert findings(stack) == []
    assert lint(template) == []


def test_three_zones_and_dedicated_masters_when_asked_for() -> None:
    stack = new_stack()
    _domain(
        stack,
        zones=3,
        data_nodes=6,
        availability_zones=3,
        dedicated_master_nodes=3,
        master_instance_type="m7g.large.search",
    )
    template = Template.from_stack(stack)
    assert _properties(template)["ClusterConfig"] == {
        "DedicatedMasterCount": 3,
        "DedicatedMasterEnabled": True,
        "DedicatedMasterType": "m7g.large.search",
        "InstanceCount": 6,
        "InstanceType": "r7g.medium.search",
        "ZoneAwarenessConfig": {"AvailabilityZoneCount": 3},
        "ZoneAwarenessEnabled": True,
    }
    assert lint(template) == []


def test_dedicated_masters_are_of_the_data_nodes_size_by_default() -> None:
    stack = new_stack()
    _domain(stack, instance_type="m7g.large.search", dedicated_master_nodes=5)
    cluster = _properties(Template.from_stack(stack))["ClusterConfig"]
    assert (cluster["DedicatedMasterCount"], cluster["DedicatedMasterType"]) == (5, "m7g.large.search")


def test_of_more_subnets_the_first_ones_are_used() -> None:
    stack = new_stack()
    network = Network(stack, "Network", availability_zones=3)
    SearchDomain(stack, "Search", vpc=network.vpc)
    subnets = _properties(Template.from_stack(stack))["VPCOptions"]["SubnetIds"]
    assert subnets == [{"Ref": stack.resolve(one.subnet_id)["Ref"]} for one in network.vpc.isolated_subnets[:2]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"domain_name": "Trips"},
            "domain_name must have 3 to 28 lower-case letters, digits and hyphens, a letter first (got 'Trips'); "
            "rename it",
        ),
        (
            {"engine_version": "2.19"},
            "engine_version must be a version of OpenSearch, 2.0 or later (got '2.19'); OpenSearch_2.19 is one; ",
        ),
        (
            {"engine_version": "OpenSearch_1.3"},
            "engine_version must be a version of OpenSearch, 2.0 or later (got 'OpenSearch_1.3'); ",
        ),
        (
            {"instance_type": "r7g.medium"},
            "instance_type must be a size of the service, such as r7g.medium.search (got 'r7g.medium'); see https://",
        ),
        (
            {"instance_type": "t2.small.search"},
            "instance_type must be a size of the service, such as r7g.medium.search (got 't2.small.search'); ",
        ),
        (
            {"master_instance_type": "m7g"},
            "master_instance_type must be a size of the service, such as r7g.medium.search (got 'm7g'); ",
        ),
        ({"volume_gib": 9}, "volume_gib must be an integer from 10 to 24576 (got 9); 100 is a start"),
        ({"dedicated_master_nodes": 2}, "dedicated_master_nodes must be one of 0, 3, 5 (got 2); 3 are usual"),
        ({"data_nodes": 0}, "data_nodes must be an integer from 1 to 80 (got 0); 2 survive the loss of one"),
        (
            {"data_nodes": 3},
            "data_nodes must be a multiple of 2, the number of Availability Zones (got 3); 4 is the next one",
        ),
        (
            {"availability_zones": 4, "data_nodes": 4},
            "availability_zones must be an integer from 1 to 3 (got 4); 2 survive the loss of one",
        ),
        (
            {"availability_zones": 3, "data_nodes": 3},
            "subnets must be one in each of 3 Availability Zones (got [",
        ),
    ],
)
def test_arguments_that_the_service_would_refuse_are_refused_before_anything_is_made(
    arguments: dict[str, Any], message: str
) -> None:
    stack = new_stack()
    with pytest.raises(InvalidArgumentError, match=f"^{re.escape(message)}"):
        _domain(stack, **arguments)
    assert stack.node.try_find_child("Search") is None


def test_public_subnets_are_refused() -> None:
    stack = new_stack()
    vpc = ec2.Vpc(stack, "Vpc", max_azs=2, nat_gateways=0)
    with pytest.raises(InvalidArgumentError, match=r"^subnets must be private \(got 'public subnets'\); pass Subnet"):
        SearchDomain(stack, "Search", vpc=vpc, subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("domain_name", ["DomainName"]),
        ("engine_version", ["EngineVersion"]),
        ("instance_type", ["ClusterConfig", "InstanceType"]),
        ("volume_gib", ["EBSOptions", "VolumeSize"]),
    ],
)
def test_arguments_may_be_parameters_of_the_stack(name: str, path: list[str]) -> None:
    stack = new_stack()
    number = name.endswith("gib")
    parameter = CfnParameter(stack, "Given", type="Number" if number else "String")
    given: Any = parameter.value_as_number if number else parameter.value_as_string
    _domain(stack, **{name: given})
    value: Any = _properties(Template.from_stack(stack))
    for key in path:
        value = value[key]
    assert value == {"Ref": "Given"}


@pytest.mark.parametrize("name", ["data_nodes", "availability_zones", "dedicated_master_nodes"])
def test_what_decides_the_shape_of_the_cluster_cannot_wait_for_the_deployment(name: str) -> None:
    stack = new_stack()
    number: Any = CfnParameter(stack, "Number", type="Number").value_as_number
    with pytest.raises(InvalidArgumentError, match=rf"^{name} must be known at synthesis"):
        _domain(stack, **{name: number})


def test_only_those_allowed_reach_the_domain_and_only_over_https() -> None:
    stack = new_stack()
    network = Network(stack, "Network")
    domain = SearchDomain(stack, "Search", vpc=network.vpc)
    job = ec2.SecurityGroup(stack, "Job", vpc=network.vpc, allow_all_outbound=False)
    domain.connections.allow_default_port_from(job)
    template = Template.from_stack(stack)
    assert domain.security_group is not None
    group = stack.resolve(domain.security_group.security_group_id)
    rules = template.find_resources("AWS::EC2::SecurityGroupIngress", {"Properties": {"GroupId": group}}).values()
    assert len(rules) == 2  # the job and the installer
    for rule in rules:
        assert (rule["Properties"]["IpProtocol"], rule["Properties"]["FromPort"]) == ("tcp", 443)
        assert "SourceSecurityGroupId" in rule["Properties"]
    template.has_resource_properties(
        "AWS::EC2::SecurityGroup",
        {"GroupDescription": "OpenSearch domain", "SecurityGroupIngress": Match.absent()},
    )


def test_the_endpoint_is_the_domains_own_over_https() -> None:
    stack = new_stack()
    domain = _domain(stack)
    logical_id = only(Template.from_stack(stack), "AWS::OpenSearchService::Domain")["LogicalId"]
    assert stack.resolve(domain.endpoint) == {
        "Fn::Join": ["", ["https://", {"Fn::GetAtt": [logical_id, "DomainEndpoint"]}]]
    }


@pytest.mark.parametrize(
    ("method", "metric_name", "statistic"),
    [
        ("metric_cluster_status_red", "ClusterStatus.red", "Maximum"),
        ("metric_cluster_status_yellow", "ClusterStatus.yellow", "Maximum"),
        ("metric_index_writes_blocked", "ClusterIndexWritesBlocked", "Maximum"),
        ("metric_free_storage_mib", "FreeStorageSpace", "Minimum"),
        ("metric_cpu_percent", "CPUUtilization", "Maximum"),
        ("metric_jvm_memory_pressure_percent", "JVMMemoryPressure", "Maximum"),
        ("metric_indexing_rate", "IndexingRate", "Average"),
        ("metric_indexing_latency_millis", "IndexingLatency", "Average"),
        ("metric_errors_4xx", "4xx", "Sum"),
        ("metric_errors_5xx", "5xx", "Sum"),
    ],
)
def test_metrics_are_the_domains_own(method: str, metric_name: str, statistic: str) -> None:
    stack = new_stack()
    domain = _domain(stack)
    metric = getattr(domain, method)()
    assert (metric.namespace, metric.metric_name, metric.statistic) == ("AWS/ES", metric_name, statistic)
    assert stack.resolve(metric.dimensions) == {
        "ClientId": {"Ref": "AWS::AccountId"},
        "DomainName": stack.resolve(domain.domain_name),
    }
    assert metric.period.to_seconds() == 300
    assert domain.metric(metric_name, statistic="p99", period=Duration.minutes(1)).period.to_seconds() == 60
