"""The key policy with which a customer's key protects an application's state.

Source: https://docs.aws.amazon.com/managed-flink/latest/java/manage-cmk-api.html
"""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

SERVICE = "kinesisanalytics.amazonaws.com"
INFRASTRUCTURE = "infrastructure.kinesisanalytics.amazonaws.com"
_CONTEXT = "kms:EncryptionContext:aws:kinesisanalytics:arn"


def from_applications(stack: Stack) -> dict[str, dict[str, str]]:
    """Conditions under which a call of the service comes from an application of this account and region."""
    return {
        "StringEquals": {"aws:SourceAccount": stack.account},
        "ArnLike": {"aws:SourceArn": _applications(stack)},
    }


def allow_service(key: kms.IKey, *, stack: Stack) -> None:
    """Let the service use ``key`` for the applications of this account and region: durable and running state."""
    # By account and region, not by application: the application names the key, so the key cannot name the application.
    in_context = {"StringLike": {_CONTEXT: _applications(stack)}}
    from_application = from_applications(stack)
    grants = {
        "StringEquals": {"kms:GrantConstraintType": "EncryptionContextSubset"},
        "ForAllValues:StringEquals": {"kms:GrantOperations": "Decrypt"},
    }
    for actions, principals, conditions in (
        (["kms:DescribeKey"], [SERVICE, INFRASTRUCTURE], from_application),
        (["kms:GenerateDataKey"], [SERVICE], {**from_application, **in_context}),
        (["kms:Decrypt"], [SERVICE], in_context),
        (["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext"], [INFRASTRUCTURE], in_context),
        (["kms:CreateGrant"], [INFRASTRUCTURE], {**grants, **in_context}),
    ):
        key.add_to_resource_policy(
            iam.PolicyStatement(
                actions=actions,
                principals=[iam.ServicePrincipal(principal) for principal in principals],
                resources=["*"],  # in a key policy: this key
                conditions=conditions,
            )
        )


def allow_caller(key: kms.IKey, caller: iam.IGrantable, *, stack: Stack) -> None:
    """Let ``caller`` start an application that ``key`` protects, through the service and for nothing else."""
    via_service = {"StringEquals": {"kms:ViaService": f"kinesisanalytics.{stack.region}.{stack.url_suffix}"}}
    in_context = {**via_service, "StringLike": {_CONTEXT: _applications(stack)}}
    for actions, conditions in (
        (["kms:DescribeKey"], via_service),
        (["kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"], in_context),
        (["kms:CreateGrant"], in_context),
    ):
        iam.Grant.add_to_principal(
            grantee=caller, actions=actions, resource_arns=[key.key_arn], conditions=conditions
        ).assert_success()


def _applications(stack: Stack) -> str:
    return stack.format_arn(service="kinesisanalytics", resource="application", resource_name="*")
