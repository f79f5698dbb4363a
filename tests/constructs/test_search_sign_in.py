"""Who signs in to Dashboards, what the service is told of it, and what a user may do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aws_cdk import CfnParameter, Environment, RemovalPolicy
from aws_cdk.assertions import Match, Template

from flink_constructs.search_domain import SearchDomain
from flink_constructs.search_sign_in import SearchSignIn
from flink_constructs.validation import InvalidArgumentError
from tests.constructs.checks import AGNOSTIC, CONCRETE, findings, lint, new_stack, only, permissions

API = "/_plugins/_security/api"


class _World:
    """A domain with its sign-in, and the template of both."""

    def __init__(self, *indices: str, env: Environment | None = AGNOSTIC, **arguments: Any) -> None:
        self.stack = new_stack(env)
        self.sign_in = SearchSignIn(self.stack, "SignIn", **arguments)
        self.domain = SearchDomain(self.stack, "Search", sign_in=self.sign_in)
        if indices:
            self.domain.grant_dashboards(self.sign_in, *indices).assert_success()
        self.template = Template.from_stack(self.stack)
        assert findings(self.stack) == []
        assert lint(self.template) == []

    def only(self, resource_type: str) -> dict[str, Any]:
        return only(self.template, resource_type)

    def role(self, name: str) -> dict[str, Any]:
        [role] = [
            one
            for key, one in self.template.find_resources("AWS::IAM::Role").items()
            if key.startswith(f"SignIn{name}")
        ]
        return dict(role)

    def installed(self) -> list[dict[str, Any]]:
        """What fine-grained access control is told for users, with their role's ARN as a word."""
        found = self.template.find_resources("Custom::OpenSearchSecurity", {"DeletionPolicy": "Delete"})
        texts = [one["Properties"]["Objects"]["Fn::Join"][1] for one in found.values()]
        return [
            one
            for parts in texts
            for one in json.loads("".join(part if isinstance(part, str) else part["Fn::GetAtt"][0] for part in parts))
        ]


@pytest.mark.parametrize("env", [AGNOSTIC, CONCRETE])
def test_only_an_administrator_makes_users_and_each_has_a_second_factor(env: Environment | None) -> None:
    pool = _World(env=env).only("AWS::Cognito::UserPool")["Properties"]
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert (pool["MfaConfiguration"], pool["EnabledMfas"]) == ("ON", ["SOFTWARE_TOKEN_MFA"])
    assert pool["Policies"]["PasswordPolicy"] == {
        "MinimumLength": 12,
        "RequireLowercase": True,
        "RequireNumbers": True,
        "RequireSymbols": True,
        "RequireUppercase": True,
    }


def test_nobody_is_let_in_who_has_not_signed_in() -> None:
    world = _World()
    pool = world.only("AWS::Cognito::IdentityPool")
    assert pool["Properties"] == {"AllowUnauthenticatedIdentities": False}
    roles = world.only("AWS::Cognito::IdentityPoolRoleAttachment")["Properties"]["Roles"]
    assert set(roles) == {"authenticated"}
    for issuer in ISSUERS.values():
        trust = {
            "Effect": "Allow",
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": issuer},
            "Condition": {
                "StringEquals": {f"{issuer}:aud": {"Ref": pool["LogicalId"]}},
                "ForAnyValue:StringLike": {f"{issuer}:amr": "authenticated"},
            },
        }
        assert trusted(world, issuer) == [trust]


#: Who vouches for users of an identity pool, by Region.
ISSUERS = {
    "eu-west-1": "cognito-identity.amazonaws.com",
    "cn-north-1": "cognito-identity.cn-north-1.amazonaws.com.cn",
    "us-gov-east-1": "cognito-identity.us-gov-east-1.amazonaws.com",
    "us-gov-west-1": "cognito-identity-us-gov.amazonaws.com",
}


def trusted(world: _World, issuer: str) -> list[Any]:
    """The statements of the users' role that an issuer is named in."""
    choice, found = world.role("UserRole")["Properties"]["AssumeRolePolicyDocument"], []
    while "Fn::If" in choice:
        _, policy, choice = choice["Fn::If"]
        found.append(policy)
    return [
        statement
        for policy in [*found, choice]
        for statement in policy["Statement"]
        if statement["Principal"] == {"Federated": issuer}
    ]


@pytest.mark.parametrize(("region", "issuer"), ISSUERS.items())
def test_users_come_from_the_issuer_of_their_region(region: str, issuer: str) -> None:
    # Known at synthesis.
    role = _World(env=Environment(account="123456789012", region=region)).role("UserRole")["Properties"]
    [trust] = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Federated": issuer}
    # Known at deployment.
    template = _World().template.to_json()
    [choice] = [
        body["Properties"]["AssumeRolePolicyDocument"]
        for name, body in template["Resources"].items()
        if name.startswith("SignInUserRole") and body["Type"] == "AWS::IAM::Role"
    ]
    while "Fn::If" in choice:
        condition, policy, otherwise = choice["Fn::If"]
        choice = policy if template["Conditions"][condition]["Fn::Equals"][1] == region else otherwise
    assert [statement["Principal"] for statement in choice["Statement"]] == [{"Federated": issuer}]


def test_the_service_may_set_up_these_two_pools_and_pass_on_this_one_role() -> None:
    world = _World()
    role = world.role("ServiceRole")["Properties"]
    [trust] = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "opensearchservice.amazonaws.com"}
    assert "ManagedPolicyArns" not in role
    [policy] = role["Policies"]
    users, identities, passed = policy["PolicyDocument"]["Statement"]
    assert all(action.startswith("cognito-idp:") for action in users["Action"])
    assert users["Resource"] == {"Fn::GetAtt": [world.only("AWS::Cognito::UserPool")["LogicalId"], "Arn"]}
    assert all(action.startswith("cognito-identity:") for action in identities["Action"])
    assert identities["Resource"]["Fn::Join"][1][-1] == {"Ref": world.only("AWS::Cognito::IdentityPool")["LogicalId"]}
    assert passed["Action"] == "iam:PassRole"
    assert passed["Resource"] == world.stack.resolve(world.sign_in.authenticated_role.role_arn)
    assert set(passed["Condition"]["StringEquals"]["iam:PassedToService"]) == set(ISSUERS.values())


def test_the_domain_signs_in_with_the_pools_and_comes_after_what_the_service_asks_for() -> None:
    world = _World()
    domain = world.only("AWS::OpenSearchService::Domain")
    assert domain["Properties"]["CognitoOptions"] == {
        "Enabled": True,
        "UserPoolId": {"Ref": world.only("AWS::Cognito::UserPool")["LogicalId"]},
        "IdentityPoolId": {"Ref": world.only("AWS::Cognito::IdentityPool")["LogicalId"]},
        "RoleArn": world.stack.resolve(world.sign_in.service_role.role_arn),
    }
    needed = {
        world.only(kind)["LogicalId"]
        for kind in ("AWS::Cognito::UserPoolDomain", "AWS::Cognito::IdentityPoolRoleAttachment")
    }
    assert needed <= set(domain["DependsOn"])


def test_without_a_sign_in_the_domain_has_none() -> None:
    stack = new_stack()
    SearchDomain(stack, "Search")
    Template.from_stack(stack).has_resource_properties(
        "AWS::OpenSearchService::Domain", {"CognitoOptions": Match.absent()}
    )


def test_the_page_has_a_name_that_no_other_stack_and_no_other_sign_in_has() -> None:
    stack = new_stack()
    for name in ("One", "Two"):
        SearchSignIn(stack, name)
    pages = Template.from_stack(stack).find_resources("AWS::Cognito::UserPoolDomain").values()
    one, two = (page["Properties"]["Domain"]["Fn::Join"][1] for page in pages)
    assert one != two
    for parts in (one, two):
        assert {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]} in parts
        # The id of a stack is 36 characters of hexadecimal digits and hyphens.
        text = "".join(part if isinstance(part, str) else "0" * 36 for part in parts)
        assert len(text) <= 63
        assert set(text) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_the_page_may_be_called_otherwise() -> None:
    assert _World(domain_prefix="taxi-4711").only("AWS::Cognito::UserPoolDomain")["Properties"]["Domain"] == "taxi-4711"
    stack = new_stack()
    SearchSignIn(stack, "SignIn", domain_prefix=CfnParameter(stack, "Given").value_as_string)
    assert only(Template.from_stack(stack), "AWS::Cognito::UserPoolDomain")["Properties"]["Domain"] == {"Ref": "Given"}


@pytest.mark.parametrize(
    ("prefix", "message"),
    [
        ("Taxi", r"have 1 to 63 lower-case letters, digits and hyphens, .* \(got 'Taxi'\); rename it"),
        ("", r"have 1 to 63 .* \(got ''\); rename it"),
        ("taxi-", r"have 1 to 63 .* \(got 'taxi-'\); rename it"),
        ("a" * 64, r"have 1 to 63 .*; rename it"),
        ("my-aws-taxi", r"not hold 'aws', 'amazon' or 'cognito' \(got 'my-aws-taxi'\); Cognito keeps these"),
    ],
)
def test_names_of_pages_that_cognito_would_refuse_are_refused(prefix: str, message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=f"^domain_prefix must {message}"):
        SearchSignIn(new_stack(), "SignIn", domain_prefix=prefix)


@pytest.mark.parametrize(
    ("policy", "written"),
    [(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE, "RetainExceptOnCreate"), (RemovalPolicy.DESTROY, "Delete")],
)
def test_the_pools_their_page_and_their_roles_stay_or_go_together(policy: RemovalPolicy, written: str) -> None:
    stack = new_stack()
    SearchSignIn(stack, "SignIn", removal_policy=policy)
    template = Template.from_stack(stack)
    resources = template.to_json()["Resources"].values()
    assert len(resources) == 6
    assert {resource["DeletionPolicy"] for resource in resources} == {written}


@pytest.mark.parametrize(
    ("policy", "protection"),
    [
        ({}, "INACTIVE"),
        ({"removal_policy": RemovalPolicy.RETAIN}, "ACTIVE"),
        ({"removal_policy": RemovalPolicy.DESTROY}, "INACTIVE"),
    ],
)
def test_users_are_protected_from_deletion_unless_a_failed_creation_takes_them_back(
    policy: dict[str, Any], protection: str
) -> None:
    stack = new_stack()
    SearchSignIn(stack, "SignIn", **policy)
    pool = only(Template.from_stack(stack), "AWS::Cognito::UserPool")
    assert pool["Properties"]["DeletionProtection"] == protection


@pytest.mark.parametrize("env", [AGNOSTIC, CONCRETE])
def test_a_user_may_send_what_dashboards_send_to_this_one_domain(env: Environment | None) -> None:
    world = _World("pickup_count", env=env)
    [(actions, resources)] = permissions(world.template, of="SignInUserRole")
    methods = ("Delete", "Get", "Head", "Patch", "Post", "Put")
    assert actions == [f"es:ESHttp{method}" for method in methods]
    arn = {"Fn::GetAtt": [world.only("AWS::OpenSearchService::Domain")["LogicalId"], "Arn"]}
    assert resources == [{"Fn::Join": ["", [arn, "/*"]]}]


def test_a_user_uses_dashboards_reads_the_indices_and_looks_at_what_all_share() -> None:
    installed = {one["path"]: one for one in _World("pickup_count", "trip_duration").installed()}
    assert {one["method"] for one in installed.values()} == {"PUT"}
    mappings = {path: one["body"] for path, one in installed.items() if "/rolesmapping/" in path}
    [role] = [one for path, one in installed.items() if path.startswith(f"{API}/roles/")]
    assert set(mappings) == {
        f"{API}/rolesmapping/opensearch_dashboards_user",
        role["path"].replace("/roles/", "/rolesmapping/"),
    }
    [[user_role]] = {tuple(body["backend_roles"]) for body in mappings.values()}
    assert user_role.startswith("SignInUserRole")
    assert role["body"] == {
        "cluster_permissions": ["cluster_composite_ops_ro"],
        "index_permissions": [{"index_patterns": ["pickup_count", "trip_duration"], "allowed_actions": ["read"]}],
        "tenant_permissions": [{"tenant_patterns": ["global_tenant"], "allowed_actions": ["kibana_all_read"]}],
    }


def test_without_a_grant_a_user_may_do_nothing() -> None:
    world = _World()
    assert permissions(world.template, of="SignInUserRole") == []
    assert world.installed() == []


def test_more_indices_are_another_role_and_the_same_ones_are_not() -> None:
    stack = new_stack()
    sign_in = SearchSignIn(stack, "SignIn")
    domain = SearchDomain(stack, "Search", sign_in=sign_in)
    assert domain.grant_dashboards(sign_in, "a", "b") is domain.grant_dashboards(sign_in, "b", "a")
    domain.grant_dashboards(sign_in, "c")
    found = Template.from_stack(stack).find_resources("Custom::OpenSearchSecurity", {"DeletionPolicy": "Delete"})
    assert len(found) == 3  # two roles, and the use of Dashboards


@pytest.mark.parametrize("indices", [(), ("*",), (".kibana",)])
def test_names_that_would_widen_what_users_see_are_refused(indices: tuple[str, ...]) -> None:
    stack = new_stack()
    sign_in = SearchSignIn(stack, "SignIn")
    with pytest.raises(InvalidArgumentError, match=r"^indices must "):
        SearchDomain(stack, "Search", sign_in=sign_in).grant_dashboards(sign_in, *indices)


def test_a_sign_in_of_another_domain_is_refused() -> None:
    stack = new_stack()
    domain = SearchDomain(stack, "Search", sign_in=SearchSignIn(stack, "SignIn"))
    with pytest.raises(InvalidArgumentError, match=r"^sign_in must be the domain's own \(got 'Test/Other'\); pass it"):
        domain.grant_dashboards(SearchSignIn(stack, "Other"), "trips")


def test_dashboards_are_below_the_endpoint() -> None:
    world = _World()
    arn = {"Fn::GetAtt": [world.only("AWS::OpenSearchService::Domain")["LogicalId"], "DomainEndpoint"]}
    assert world.stack.resolve(world.domain.dashboards_url) == {"Fn::Join": ["", ["https://", arn, "/_dashboards"]]}
