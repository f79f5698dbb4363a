"""What is installed in a search domain, by whom, and what its writers and readers may do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import CfnParameter, Environment, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template

from flink_constructs.application import FlinkApplication
from flink_constructs.application_code import ApplicationCode
from flink_constructs.network import Network
from flink_constructs.search_domain import SearchDomain
from flink_constructs.search_handler import index
from flink_constructs.validation import InvalidArgumentError
from tests.constructs.checks import AGNOSTIC, CONCRETE, findings, lint, new_stack, only, permissions
from tests.constructs.fake_bundle import new_bundle

BODY = {"index_patterns": ["trips"], "template": {"settings": {"number_of_shards": 1}}, "priority": 7}


def _domain(stack: Stack, **arguments: Any) -> SearchDomain:
    network = Network(stack, "Network")
    return SearchDomain(stack, "Search", vpc=network.vpc, subnets=network.subnets, **arguments)


def _job(stack: Stack) -> iam.Role:
    return iam.Role(stack, "Job", assumed_by=iam.ServicePrincipal("kinesisanalytics.amazonaws.com"))


def _objects(resource: dict[str, Any], *, role_arn: str = "the-arn") -> list[dict[str, Any]]:
    """The objects of a custom resource, with ``role_arn`` for what is known at deployment only."""
    text = resource["Properties"]["Objects"]
    if isinstance(text, dict):
        text = "".join(part if isinstance(part, str) else role_arn for part in text["Fn::Join"][1])
    objects: list[dict[str, Any]] = json.loads(text)
    return objects


def _granted_roles(template: Template) -> list[dict[str, Any]]:
    found = template.find_resources("Custom::OpenSearchSecurity", {"DeletionPolicy": "Delete"})
    return [dict(resource) for resource in found.values()]


class _Granted:
    """A job with one grant on a domain: what it may do by IAM, and by fine-grained access control."""

    def __init__(self, *indices: str, write: bool, env: Environment | None = AGNOSTIC) -> None:
        stack = new_stack(env)
        role = _job(stack)
        domain = _domain(stack)
        grant = domain.grant_write if write else domain.grant_read
        grant(role, *indices).assert_success()
        template = Template.from_stack(stack)
        assert findings(stack) == []
        assert lint(template) == []
        self.domain = {"Fn::GetAtt": [only(template, "AWS::OpenSearchService::Domain")["LogicalId"], "Arn"]}
        self.permissions = permissions(template, of="Job")
        [resource] = _granted_roles(template)
        self.role_arn = stack.resolve(role.role_arn)
        self.parts = resource["Properties"]["Objects"]["Fn::Join"][1]
        self.role, self.mapping = _objects(resource)

    def path(self, path: str) -> dict[str, Any]:
        return {"Fn::Join": ["", [self.domain, f"/{path}"]]}


@pytest.mark.parametrize("env", [AGNOSTIC, CONCRETE])
def test_a_writer_may_send_bulk_requests_and_nothing_else(env: Environment | None) -> None:
    granted = _Granted("trips", "rejected-documents", write=True, env=env)
    assert granted.permissions == [(["es:ESHttpPost"], [granted.path("_bulk")])]


def test_a_writer_may_write_to_its_indices_and_to_no_others() -> None:
    granted = _Granted("trips", "rejected-documents", write=True)
    assert granted.role["method"] == "PUT"
    assert granted.role["body"] == {
        "cluster_permissions": ["indices:data/write/bulk"],
        "index_permissions": [
            {
                "index_patterns": ["trips", "rejected-documents"],
                "allowed_actions": ["create_index", "delete", "index"],
            }
        ],
    }


def test_a_reader_may_search_and_get_from_its_indices_and_nothing_else() -> None:
    granted = _Granted("trips-*", "zones", write=False)
    searches = [granted.path(f"{name}/{api}") for name in ("trips-*", "zones") for api in ("_count", "_search")]
    gets = [granted.path("trips-*/_doc/*"), granted.path("zones/_doc/*")]
    assert granted.permissions == [(["es:ESHttpGet"], [*searches, *gets]), (["es:ESHttpPost"], searches)]
    assert granted.role["body"] == {
        "cluster_permissions": [],
        "index_permissions": [{"index_patterns": ["trips-*", "zones"], "allowed_actions": ["read"]}],
    }


def test_the_domain_knows_a_user_by_the_arn_of_its_role() -> None:
    granted = _Granted("trips", write=True)
    assert granted.role_arn in granted.parts
    assert granted.mapping == {
        "method": "PUT",
        "path": granted.role["path"].replace("/roles/", "/rolesmapping/"),
        "body": {"backend_roles": ["the-arn"]},
    }


def test_a_grant_that_is_repeated_is_the_same_and_other_indices_are_another_role() -> None:
    stack = new_stack()
    role, domain = _job(stack), _domain(stack)
    assert domain.grant_write(role, "a", "b") is domain.grant_write(role, "b", "a", "a")
    domain.grant_write(role, "a")
    domain.grant_read(role, "a")
    roles = [_objects(resource)[0]["path"] for resource in _granted_roles(Template.from_stack(stack))]
    assert len(set(roles)) == len(roles) == 3
    assert findings(stack) == []


def test_a_grant_ends_with_its_stack_even_where_the_domain_stays() -> None:
    stack = new_stack()
    _domain(stack, removal_policy=RemovalPolicy.RETAIN).grant_write(_job(stack), "trips")
    [resource] = _granted_roles(Template.from_stack(stack))
    assert resource["UpdateReplacePolicy"] == "Delete"


def test_an_imported_role_may_be_granted_too() -> None:
    stack = new_stack()
    role = iam.Role.from_role_arn(stack, "Analyst", "arn:aws:iam::123456789012:role/analyst")
    _domain(stack).grant_read(role, "trips").assert_success()
    [resource] = _granted_roles(Template.from_stack(stack))
    assert _objects(resource)[1]["body"] == {"backend_roles": ["arn:aws:iam::123456789012:role/analyst"]}


def test_a_grantee_without_a_role_is_refused() -> None:
    stack = new_stack()
    message = r"^grantee must be a role, or have one \(got 'User'\); the domain knows its users by their role$"
    with pytest.raises(InvalidArgumentError, match=message):
        _domain(stack).grant_read(iam.User(stack, "User"), "trips")


@pytest.mark.parametrize("name", ["", "*", "Trips", ".kibana", "_all", "a/b", "*-trips", "a,b"])
@pytest.mark.parametrize("method", ["grant_read", "grant_write"])
def test_names_that_would_widen_a_permission_are_refused(method: str, name: str) -> None:
    stack = new_stack()
    with pytest.raises(InvalidArgumentError, match=r"^indices must be names of lower-case letters"):
        getattr(_domain(stack), method)(_job(stack), "trips", name)


@pytest.mark.parametrize("method", ["grant_read", "grant_write"])
def test_a_grant_names_its_indices(method: str) -> None:
    stack = new_stack()
    domain, role = _domain(stack), _job(stack)
    with pytest.raises(InvalidArgumentError, match=r"^indices must name at least one \(got \(\)\)"):
        getattr(domain, method)(role)
    with pytest.raises(InvalidArgumentError, match=r"^indices must be known at synthesis"):
        getattr(domain, method)(role, CfnParameter(stack, "Index").value_as_string)


@pytest.mark.parametrize("env", [AGNOSTIC, CONCRETE])
def test_a_job_starts_when_it_may_write_and_ends_before_it_may_not(env: Environment | None, tmp_path: Path) -> None:
    stack = new_stack(env)
    network = Network(stack, "Network")
    domain = SearchDomain(stack, "Search", vpc=network.vpc)
    job = FlinkApplication(
        stack, "Job", code=ApplicationCode.from_bundle(new_bundle(tmp_path)), property_groups={}, vpc=network.vpc
    )
    domain.grant_write(job, "trips").assert_success()
    domain.connections.allow_default_port_from(job.connections)
    job.starts_after(domain)
    template = Template.from_stack(stack)
    [mapping] = template.find_resources("Custom::OpenSearchSecurity", {"DeletionPolicy": "Delete"})
    assert mapping in only(template, "Custom::FlinkApplicationLifecycle")["DependsOn"]
    assert findings(stack) == []
    assert lint(template) == []


def test_an_index_template_is_installed_as_it_is() -> None:
    stack = new_stack()
    _domain(stack).add_index_template("trips", BODY)
    template = Template.from_stack(stack)
    resource = only(template, "Custom::OpenSearchObjects")
    domain = only(template, "AWS::OpenSearchService::Domain")["LogicalId"]
    assert resource["Properties"]["Endpoint"] == {
        "Fn::Join": ["", ["https://", {"Fn::GetAtt": [domain, "DomainEndpoint"]}]]
    }
    assert _objects(resource) == [{"method": "PUT", "path": "/_index_template/trips", "body": BODY}]
    assert findings(stack) == []
    assert lint(template) == []


def test_an_index_is_made_under_its_name() -> None:
    stack = new_stack()
    domain = _domain(stack)
    domain.add_index("rides-1")
    resource = only(Template.from_stack(stack), "Custom::OpenSearchObjects")
    assert _objects(resource) == [{"method": "PUT", "path": "/rides-1", "body": {}}]
    with pytest.raises(InvalidArgumentError, match=r"^name must be new in its domain .*; keep what add_index returned"):
        domain.add_index("rides-1")
    with pytest.raises(InvalidArgumentError, match=r"^name must have 1 to 100 lower-case letters, .* \(got '_rides'\)"):
        domain.add_index("_rides")


def test_other_objects_are_installed_in_their_order() -> None:
    stack = new_stack()
    objects = [
        {"method": "PUT", "path": "/_ingest/pipeline/zones", "body": {"processors": []}},
        {"method": "POST", "path": "/_aliases", "body": {"actions": []}},
    ]
    _domain(stack).add_objects("Pipelines", objects)
    assert _objects(only(Template.from_stack(stack), "Custom::OpenSearchObjects")) == objects


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        ("Trips", BODY, r"name must have 1 to 100 lower-case letters, .* \(got 'Trips'\); rename it"),
        ("a/b", BODY, r"name must have 1 to 100 lower-case letters, .* \(got 'a/b'\); rename it"),
        ("there", BODY, r"name must be new in its domain \(got 'there'\); keep what add_index_template returned"),
        ("trips", {"template": {}}, r"body must have index_patterns \(got {'template': {}}\); name the indices"),
    ],
)
def test_templates_that_opensearch_would_refuse_are_refused(name: str, body: dict[str, Any], message: str) -> None:
    domain = _domain(new_stack())
    domain.add_index_template("there", BODY)
    with pytest.raises(InvalidArgumentError, match=f"^{message}"):
        domain.add_index_template(name, body)


def test_the_audit_log_is_switched_on_without_what_documents_hold() -> None:
    stack = new_stack()
    _domain(stack)
    resource = only(Template.from_stack(stack), "Custom::OpenSearchSecurity")
    [audit] = _objects(resource)
    assert (audit["method"], audit["path"]) == ("PUT", "/_plugins/_security/api/audit/config")
    assert audit["body"]["enabled"] is True
    assert audit["body"]["audit"]["log_request_body"] is False
    assert resource["DeletionPolicy"] == "RetainExceptOnCreate"


class _Installer:
    """A domain with its installer, as the template has them."""

    def __init__(self) -> None:
        self.stack = new_stack()
        _domain(self.stack).add_index_template("trips", BODY)
        self.template = Template.from_stack(self.stack)
        [(self.function_id, self.function)] = self.template.find_resources(
            "AWS::Lambda::Function", {"Properties": {"Handler": "search_handler.index.on_event"}}
        ).items()
        self.domain = only(self.template, "AWS::OpenSearchService::Domain")


def test_the_installer_may_set_up_its_domain_and_nothing_else() -> None:
    installer = _Installer()
    domain = {"Fn::GetAtt": [installer.domain["LogicalId"], "Arn"]}
    role = installer.function["Properties"]["Role"]["Fn::GetAtt"][0]
    log, interfaces, requests = permissions(installer.template, of=role)
    group = installer.function["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]
    assert log == (["logs:CreateLogStream", "logs:PutLogEvents"], [{"Fn::GetAtt": [group, "Arn"]}])
    assert all(action.startswith("ec2:") for action in interfaces[0])
    assert requests == (
        ["es:ESHttpDelete", "es:ESHttpPut"],
        [{"Fn::Join": ["", [domain, "/*"]]}],
    )
    assert not [
        name
        for name, one in installer.template.find_resources("AWS::IAM::Role").items()
        if "ManagedPolicyArns" in one["Properties"]
    ]


def test_the_installer_is_in_the_domains_subnets_and_reaches_nothing_but_the_domain() -> None:
    installer = _Installer()
    place = installer.function["Properties"]["VpcConfig"]
    options = installer.domain["Properties"]["VPCOptions"]
    assert place["SubnetIds"] == options["SubnetIds"]
    [group] = place["SecurityGroupIds"]
    [egress] = installer.template.find_resources("AWS::EC2::SecurityGroupEgress").values()
    assert egress["Properties"]["GroupId"] == group
    assert egress["Properties"]["DestinationSecurityGroupId"] == options["SecurityGroupIds"][0]
    assert (egress["Properties"]["FromPort"], egress["Properties"]["ToPort"]) == (443, 443)


def test_objects_are_installed_when_the_way_to_the_domain_is_open() -> None:
    installer = _Installer()
    rules = {
        *installer.template.find_resources("AWS::EC2::SecurityGroupIngress"),
        *installer.template.find_resources("AWS::EC2::SecurityGroupEgress"),
    }
    assert len(rules) == 2
    for kind in ("Custom::OpenSearchObjects", "Custom::OpenSearchSecurity"):
        assert rules <= set(only(installer.template, kind)["DependsOn"])


def test_the_handler_gives_up_before_its_function_and_that_before_cloudformation() -> None:
    installer = _Installer()
    longest = index.INSTALL_PATIENCE + index.REMOVE_PATIENCE + 2 * index.REQUEST_TIMEOUT
    timeout = installer.function["Properties"]["Timeout"]
    [framework] = installer.template.find_resources(
        "AWS::Lambda::Function", {"Properties": {"Handler": "framework.onEvent"}}
    ).values()
    wait = int(only(installer.template, "Custom::OpenSearchObjects")["Properties"]["ServiceTimeout"])
    assert longest.total_seconds() < timeout < framework["Properties"]["Timeout"] < wait


def test_one_function_serves_all_resources_of_the_domain() -> None:
    stack = new_stack()
    domain = _domain(stack)
    domain.add_index_template("trips", BODY)
    domain.add_index_template("zones", BODY)
    template = Template.from_stack(stack)
    template.resource_count_is("AWS::Lambda::Function", 2)  # the handler, and the framework's own
    template.resource_count_is("AWS::StepFunctions::StateMachine", 0)


def test_the_function_holds_the_handler_and_nothing_else() -> None:
    installer = _Installer()
    root = installer.stack.node.root
    assembly = root.synth()  # type: ignore[attr-defined] # the root is an App
    key = installer.function["Properties"]["Code"]["S3Key"].removesuffix(".zip")
    folder = Path(assembly.directory) / f"asset.{key}"
    assert [str(file.relative_to(folder)) for file in sorted(folder.rglob("*")) if file.is_file()] == [
        "search_handler/index.py"
    ]
