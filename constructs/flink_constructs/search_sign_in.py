"""`SearchSignIn`: who may sign in to the Dashboards of an OpenSearch domain, by Amazon Cognito."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnCondition, CfnResource, Fn, RemovalPolicy, Stack, Token
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_iam as iam
from aws_cdk import aws_opensearchservice as opensearch
from constructs import Construct, IDependable

from flink_constructs import acknowledgment, validation
from flink_constructs.naming import stack_uuid
from flink_constructs.validation import InvalidArgumentError

__all__ = ["SearchSignIn"]

# What the service does with the two pools, as in its managed policy AmazonOpenSearchServiceCognitoAccess, which names
# every pool of the account
# (https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonOpenSearchServiceCognitoAccess.html).
USER_POOL_ACTIONS = (
    "cognito-idp:AdminInitiateAuth",
    "cognito-idp:AdminUserGlobalSignOut",
    "cognito-idp:CreateUserPoolClient",
    "cognito-idp:DeleteUserPoolClient",
    "cognito-idp:DescribeUserPool",
    "cognito-idp:DescribeUserPoolClient",
    "cognito-idp:ListUserPoolClients",
    "cognito-idp:UpdateUserPoolClient",
)
IDENTITY_POOL_ACTIONS = (
    "cognito-identity:DescribeIdentityPool",
    "cognito-identity:GetIdentityPoolRoles",
    "cognito-identity:UpdateIdentityPool",
)
#: Who vouches for users of an identity pool, by Region where it is another one than ``COGNITO_IDENTITY``
#: (https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-cog.html).
COGNITO_IDENTITY = "cognito-identity.amazonaws.com"
COGNITO_IDENTITY_OF_REGION = {
    "cn-north-1": "cognito-identity.cn-north-1.amazonaws.com.cn",
    "us-gov-east-1": "cognito-identity.us-gov-east-1.amazonaws.com",
    "us-gov-west-1": "cognito-identity-us-gov.amazonaws.com",
}


class SearchSignIn(Construct):
    """A user pool with a sign-in page, and the role that its users have in the domain.

    Users are made by an administrator, and need a second factor, an app for one-time passwords:
    ``aws cognito-idp admin-create-user --user-pool-id … --username … --user-attributes Name=email,Value=…``.

    Pass it to ``SearchDomain(sign_in=…)``. The service then makes the client of the user pool, and makes that one known
    to the identity pool; neither is in the template. It needs the pools for as long as the domain is there.

    By the service's documentation; a sign-in has not been tried against AWS.
    """

    user_pool: cognito.UserPool
    user_pool_domain: cognito.UserPoolDomain
    identity_pool: cognito.CfnIdentityPool
    authenticated_role: iam.Role
    """What a user may do once signed in: nothing, before ``SearchDomain.grant_dashboards``."""

    service_role: iam.Role
    """With which the service sets the pools up, and signs users in."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        domain_prefix: str | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    ) -> None:
        """Create the pools and the roles.

        Args:
            scope: The parent.
            construct_id: The id, unique in ``scope``.
            domain_prefix: Beginning of the sign-in page's host, unique in the Region: 1 to 63 lower-case letters,
                digits and hyphens. Default: one that no other stack has.
            removal_policy: What becomes of the pools, their users and the roles when they leave the stack; as for the
                domain, which gets stuck without them. Default: they stay.

        Raises:
            InvalidArgumentError: for a prefix that Cognito would refuse.

        """
        _check_prefix(domain_prefix)
        super().__init__(scope, construct_id)
        self.user_pool = cognito.UserPool(
            self,
            "Users",
            self_sign_up_enabled=False,
            sign_in_aliases=cognito.SignInAliases(username=True),
            standard_attributes=cognito.StandardAttributes(
                email=cognito.StandardAttribute(required=True, mutable=True)
            ),
            auto_verify=cognito.AutoVerifiedAttrs(email=True),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            password_policy=cognito.PasswordPolicy(
                min_length=12,
                require_digits=True,
                require_lowercase=True,
                require_symbols=True,
                require_uppercase=True,
            ),
            mfa=cognito.Mfa.REQUIRED,
            mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
            feature_plan=cognito.FeaturePlan.ESSENTIALS,
            # A failed creation has to take the pool back, which the protection would forbid.
            deletion_protection=removal_policy is RemovalPolicy.RETAIN,
            removal_policy=removal_policy,
        )
        acknowledgment.findings(
            self.user_pool,
            {
                "AwsSolutions-COG8": "The plus plan, paid by the user, watches a public sign-up for risky accounts; "
                "here an administrator makes each one, and each has a second factor."
            },
        )
        self.user_pool_domain = self.user_pool.add_domain(
            "Page", cognito_domain=cognito.CognitoDomainOptions(domain_prefix=domain_prefix or self._unique_prefix())
        )
        # Without a provider: the service adds the client that it makes. The template must not change this pool later,
        # as an update would take the provider out again.
        self.identity_pool = cognito.CfnIdentityPool(self, "Identities", allow_unauthenticated_identities=False)
        self.authenticated_role = iam.Role(
            self,
            "UserRole",
            description="Users of OpenSearch Dashboards",
            assumed_by=self._users(COGNITO_IDENTITY),
        )
        self._trust_of_the_region(self.authenticated_role)
        self._attachment = cognito.CfnIdentityPoolRoleAttachment(
            self,
            "Roles",
            identity_pool_id=self.identity_pool.ref,
            roles={"authenticated": self.authenticated_role.role_arn},
        )
        self.service_role = self._service_role()
        for resource in (
            self.user_pool_domain.node.default_child,
            self.identity_pool,
            self.authenticated_role.node.default_child,
            self._attachment,
            self.service_role.node.default_child,
        ):
            assert isinstance(resource, CfnResource)  # noqa: S101 - for the type checker
            resource.apply_removal_policy(removal_policy)

    @property
    def cognito_options(self) -> opensearch.CfnDomain.CognitoOptionsProperty:
        """The settings of a domain that uses these pools."""
        return opensearch.CfnDomain.CognitoOptionsProperty(
            enabled=True,
            user_pool_id=self.user_pool.user_pool_id,
            identity_pool_id=self.identity_pool.ref,
            role_arn=self.service_role.role_arn,
        )

    @property
    def needed(self) -> list[IDependable]:
        """What has to exist before the domain, and to go after it: the service asks for a page and for the roles."""
        return [self.user_pool_domain, self._attachment]

    def _service_role(self) -> iam.Role:
        pool = Stack.of(self).format_arn(
            service="cognito-identity", resource="identitypool", resource_name=self.identity_pool.ref
        )
        # The service tries these while it creates the domain: part of the role, they are there when the role is.
        policy = iam.PolicyDocument(
            statements=[
                iam.PolicyStatement(actions=list(USER_POOL_ACTIONS), resources=[self.user_pool.user_pool_arn]),
                iam.PolicyStatement(actions=list(IDENTITY_POOL_ACTIONS), resources=[pool]),
                iam.PolicyStatement(
                    actions=["iam:PassRole"],
                    resources=[self.authenticated_role.role_arn],
                    conditions={
                        "StringEquals": {
                            "iam:PassedToService": [COGNITO_IDENTITY, *COGNITO_IDENTITY_OF_REGION.values()]
                        }
                    },
                ),
            ]
        )
        return iam.Role(
            self,
            "ServiceRole",
            description="OpenSearch Service signs users in with Cognito",
            assumed_by=iam.ServicePrincipal("opensearchservice.amazonaws.com"),
            inline_policies={"Pools": policy},
        )

    def _users(self, issuer: str) -> iam.WebIdentityPrincipal:
        """Who has signed in at the pool."""
        return iam.WebIdentityPrincipal(
            issuer,
            {
                "StringEquals": {f"{issuer}:aud": self.identity_pool.ref},
                "ForAnyValue:StringLike": {f"{issuer}:amr": "authenticated"},
            },
        )

    def _trust_of_the_region(self, role: iam.Role) -> None:
        """Have the role trust the issuer of the Region, which may be known at deployment alone.

        The issuer is in the names of the conditions, where CloudFormation takes no function: the whole policy is
        chosen.
        """
        region = Stack.of(self).region

        def trust(issuer: str) -> iam.PolicyDocument:
            statement = iam.PolicyStatement(actions=["sts:AssumeRoleWithWebIdentity"], principals=[self._users(issuer)])
            return iam.PolicyDocument(statements=[statement])

        if not Token.is_unresolved(region):
            chosen: Any = trust(COGNITO_IDENTITY_OF_REGION.get(region, COGNITO_IDENTITY))
        else:
            chosen = trust(COGNITO_IDENTITY)
            for name, issuer in COGNITO_IDENTITY_OF_REGION.items():
                construct_id = f"In-{name}"
                here = CfnCondition(self, construct_id, expression=Fn.condition_equals(region, name))
                chosen = Fn.condition_if(here.logical_id, trust(issuer), chosen)
        resource = role.node.default_child
        assert isinstance(resource, iam.CfnRole)  # noqa: S101 - for the type checker
        resource.add_property_override("AssumeRolePolicyDocument", chosen)

    def _unique_prefix(self) -> str:
        # The id of the stack ends in digits that no other has: a page that stays is in nobody's way.
        return Fn.join("-", ["search", stack_uuid(self), self.node.addr[-8:]])


def _check_prefix(prefix: str | None) -> None:
    if prefix is None:
        return
    validation.matching(
        "domain_prefix",
        prefix,
        pattern=r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
        rule="have 1 to 63 lower-case letters, digits and hyphens, no hyphen first or last",
        fix="rename it",
    )
    if any(word in prefix for word in ("aws", "amazon", "cognito")):
        rule = "not hold 'aws', 'amazon' or 'cognito'"
        raise InvalidArgumentError("domain_prefix", rule, prefix, "Cognito keeps these to itself: rename it")
