"""How policies name what has no local counterpart: made of the resource's logical id, as no name is given here."""

from __future__ import annotations

from local.template import PSEUDO_PARAMETERS, Resource

#: The ARN's service and the rest of it, by the type; {} is the name. Others are called by their own service and name.
_ARNS = {
    "AWS::APS::Workspace": ("aps", "workspace/{}"),
    "AWS::IAM::Role": ("iam", "role/{}"),
    "AWS::KMS::Key": ("kms", "key/{}"),
    "AWS::Kinesis::Stream": ("kinesis", "stream/{}"),
    "AWS::KinesisFirehose::DeliveryStream": ("firehose", "deliverystream/{}"),
    "AWS::Lambda::Function": ("lambda", "function:{}"),
    "AWS::Logs::LogGroup": ("logs", "log-group:{}:*"),
    "AWS::MSK::Cluster": ("kafka", "cluster/{}/00000000-0000-0000-0000-000000000000-1"),
    "AWS::OpenSearchService::Domain": ("es", "domain/{}"),
    "AWS::S3::Bucket": ("s3", "{}"),
    "AWS::SecretsManager::Secret": ("secretsmanager", "secret:{}-AbCdEf"),
    "AWS::StepFunctions::StateMachine": ("states", "stateMachine:{}"),
}
#: Those whose ``Ref`` is the ARN.
_REFERRED_TO_BY_ARN = {"AWS::MSK::Cluster", "AWS::SecretsManager::Secret", "AWS::StepFunctions::StateMachine"}
#: Services whose ARNs name no Region, or no account either.
_GLOBAL, _WITHOUT_ACCOUNT = {"iam", "s3"}, {"s3"}


def named(resource: Resource, name: str) -> str:
    """The value of an attribute, as policies and those who call have it; ``Ref`` is the attribute ``"Ref"``."""
    if name == "Ref" and resource.type not in _REFERRED_TO_BY_ARN:
        return resource.logical_id
    if name.endswith("Arn") or name == "Ref":
        service, rest = _ARNS.get(resource.type, (resource.type.split("::")[1].lower(), "{}"))
        region = "" if service in _GLOBAL else PSEUDO_PARAMETERS["AWS::Region"]
        account = "" if service in _WITHOUT_ACCOUNT else PSEUDO_PARAMETERS["AWS::AccountId"]
        rest = rest.format(resource.logical_id)
        return f"arn:{PSEUDO_PARAMETERS['AWS::Partition']}:{service}:{region}:{account}:{rest}"
    return f"{resource.logical_id}.{name}"
