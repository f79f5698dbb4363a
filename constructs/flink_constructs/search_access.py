"""Who may do what with an OpenSearch domain: by IAM, by network, and by fine-grained access control."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Names, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from flink_constructs import acknowledgment, search_settings
from flink_constructs.search_installer import SECURITY_TYPE, SearchInstaller
from flink_constructs.search_settings import IndexAccess
from flink_constructs.search_sign_in import SearchSignIn
from flink_constructs.validation import InvalidArgumentError

# Each method that Dashboards uses; "es:ESHttp*" would take in whatever comes to be called so.
DASHBOARDS_ACTIONS = (
    "es:ESHttpDelete",
    "es:ESHttpGet",
    "es:ESHttpHead",
    "es:ESHttpPatch",
    "es:ESHttpPost",
    "es:ESHttpPut",
)


class NetworkPolicy:
    """The access policy of a domain with a public endpoint that takes requests from some networks only."""

    def __init__(self, scope: Construct, networks: Sequence[str]) -> None:
        """Refuse what does not come from ``networks``."""
        # It denies and allows nothing: IAM policies of the account's roles still decide who may send at all, and a
        # mistake here opens nothing. Whoever has no role, such as an unsigned request, has no ARN either, which counts
        # as another one. The service knows no NotPrincipal. People come by the role of the sign-in, never excepted;
        # the job and the installer run at addresses of AWS that nobody knows beforehand. Not tried against AWS: that
        # the address of a user of Dashboards is the browser's.
        self._statement = iam.PolicyStatement(
            effect=iam.Effect.DENY,
            principals=[iam.AnyPrincipal()],
            actions=["es:ESHttp*"],
            # The domain that has this policy, whose name is not known yet.
            resources=[Stack.of(scope).format_arn(service="es", resource="domain", resource_name="*")],
            conditions={"NotIpAddress": {"aws:SourceIp": list(networks)}},
        )
        self.document = iam.PolicyDocument(statements=[self._statement])
        self._roles: list[str] = []

    def admit(self, role: iam.IRole) -> None:
        """Take signed requests of a role of this very stack from everywhere; other roles have to be in the networks."""
        if isinstance(role.node.default_child, iam.CfnRole) and role.role_arn not in self._roles:
            self._roles.append(role.role_arn)
            self._statement.add_condition("ArnNotEquals", {"aws:PrincipalArn": self._roles})


def grant_requests(grantee: iam.IGrantable, access: IndexAccess, *, domain_arn: str) -> iam.Grant:
    """Allow the requests by IAM."""
    grants = []
    for action, paths in access.requests.items():
        arns = [f"{domain_arn}/{path}" for path in paths]
        grants.append(iam.Grant.add_to_principal(grantee=grantee, actions=[action], resource_arns=arns))
        for path, arn in zip(paths, arns, strict=True):
            if "*" in path:
                reason = "The names of the indices and the ids of their documents come with the data."
                acknowledgment.wildcard_resource(grantee, arn, reason)
    grant, *others = grants
    for other in others:
        grant = grant.combine(other)
    return grant


class SearchAccess:
    """The grants on one domain, each in both places: IAM and fine-grained access control."""

    def __init__(self, installer: SearchInstaller, *, domain_arn: str, network_policy: NetworkPolicy | None) -> None:
        """Say how roles are installed, where, and whether the network counts."""
        self._installer = installer
        self._domain_arn = domain_arn
        self._network_policy = network_policy
        self._granted: dict[str, iam.Grant] = {}
        self._dashboards: iam.Grant | None = None

    def grant(self, grantee: iam.IGrantable, access: IndexAccess) -> iam.Grant:
        """Allow the requests by IAM, and the actions behind them by fine-grained access control."""
        role: Any = grantee.grant_principal
        role_arn = getattr(role, "role_arn", None)
        if role_arn is None:
            raise InvalidArgumentError(
                "grantee", "be a role, or have one", type(role).__name__, "the domain knows its users by their role"
            )
        name = self._role_name(role, access.kind, access.indices)
        if name in self._granted:
            return self._granted[name]
        grant = grant_requests(grantee, access, domain_arn=self._domain_arn)
        self._install(
            name,
            search_settings.role_objects(
                name,
                role_arn=role_arn,
                cluster_actions=access.cluster_actions,
                index_actions=access.index_actions,
                indices=access.indices,
            ),
        )
        if self._network_policy is not None:
            self._network_policy.admit(role)
        self._granted[name] = grant
        return grant

    def grant_dashboards(self, sign_in: SearchSignIn, indices: tuple[str, ...]) -> iam.Grant:
        """Allow those who signed in to use Dashboards, and to read ``indices`` there."""
        search_settings.check_indices(indices)
        role = sign_in.authenticated_role
        name = self._role_name(role, "viewer", indices)
        if name not in self._granted:
            self._granted[name] = self._use_of_dashboards(role)
            self._install(name, search_settings.viewer_objects(name, role_arn=role.role_arn, indices=indices))
        return self._granted[name]

    def _use_of_dashboards(self, role: iam.Role) -> iam.Grant:
        if self._dashboards is None:
            paths = f"{self._domain_arn}/*"
            self._dashboards = iam.Grant.add_to_principal(
                grantee=role, actions=list(DASHBOARDS_ACTIONS), resource_arns=[paths]
            )
            acknowledgment.wildcard_resource(
                role,
                paths,
                "Dashboards sends its users' requests on under this role, to any path of this one domain; fine-grained "
                "access control says which indices they read.",
            )
            self._install("Dashboards", search_settings.dashboards_objects(role_arn=role.role_arn))
        return self._dashboards

    def _role_name(self, role: Construct, kind: str, indices: Sequence[str]) -> str:
        # Other indices, another name: the new role is there before the old one goes.
        digest = hashlib.sha256(",".join(sorted(set(indices))).encode()).hexdigest()[:8]
        return f"{Names.unique_resource_name(role, max_length=80, separator='-')}-{kind}-{digest}"

    def _install(self, name: str, objects: Sequence[Mapping[str, Any]]) -> None:
        self._installer.install(
            f"Role-{name}",
            objects,
            resource_type=SECURITY_TYPE,
            # A later role of the same name must not inherit what this one may do.
            removal_policy=RemovalPolicy.DESTROY,
        )
