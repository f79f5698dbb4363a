"""Types that a few calls of moto make: logs, alarms, roles, keys, secrets, schedules, sign-in."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local.deploy.access import Access
from local.deploy.handler import Handler, Made, Request
from local.deploy.stack import Deployed, Stack
from local.deploy.types.base import Type, arn, content_with_gone, lowered, tags


@dataclass(frozen=True, kw_only=True)
class Named:
    """A type that is its properties, one by one, and a name.

    Args:
        service: boto3's name of the service.
        put: The call that makes one; where there is no other, it also changes one.
        change: The call that changes one. Default: ``put``.
        delete: The call that deletes one.
        name: The property with the name, which is the parameter's, too.
        several: The parameter with the names to delete, where the call takes several. Default: one, by ``name``.
        lower: Whether parameters begin in lower case.
        longest: The longest name that is made up.
        arn: The ARN of one, for its name.

    """

    service: str
    put: str
    delete: str
    name: str
    change: str = ""
    several: str = ""
    lower: bool = False
    longest: int = 255
    arn: Callable[[str], str] | None = None

    def made_by(self, access: Access) -> Handler:
        """Its handler."""
        return _NamedHandler(self, access)


class _NamedHandler(Type):
    def __init__(self, kind: Named, access: Access) -> None:
        super().__init__(access)
        self._kind = kind

    def create(self, request: Request) -> Made:
        return self._put(self._kind.put, request, self._name(request))

    def update(self, request: Request, before: Deployed) -> Made:
        return self._put(self._kind.change or self._kind.put, request, before.physical_id)

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        kind, name = self._kind, resource.physical_id
        parameter = kind.several or kind.name
        self._call(kind.delete, {parameter: [name] if kind.several else name})

    def _put(self, call: str, request: Request, name: str) -> Made:
        kind = self._kind
        request.note(name)
        self._call(call, {**request.properties, kind.name: name})
        return Made(physical_id=name, attributes={"Arn": kind.arn(name)} if kind.arn else {})

    def _call(self, call: str, parameters: Mapping[str, Any]) -> None:
        given = lowered(parameters) if self._kind.lower else parameters
        getattr(self.client(self._kind.service), call)(**given)

    def _name(self, request: Request) -> str:
        return str(request.properties.get(self._kind.name, request.name[-self._kind.longest :]))


#: By type: those that are nothing but a name and properties.
NAMED = {
    "AWS::CloudWatch::Alarm": Named(
        service="cloudwatch",
        put="put_metric_alarm",
        delete="delete_alarms",
        name="AlarmName",
        several="AlarmNames",
        arn=lambda name: arn("cloudwatch", f"alarm:{name}"),
    ),
    "AWS::CloudWatch::Dashboard": Named(
        service="cloudwatch",
        put="put_dashboard",
        delete="delete_dashboards",
        name="DashboardName",
        several="DashboardNames",
    ),
    "AWS::Logs::ResourcePolicy": Named(
        service="logs", put="put_resource_policy", delete="delete_resource_policy", name="PolicyName", lower=True
    ),
    "AWS::Scheduler::Schedule": Named(
        service="scheduler",
        put="create_schedule",
        change="update_schedule",
        delete="delete_schedule",
        name="Name",
        longest=64,
        arn=lambda name: arn("scheduler", f"schedule/default/{name}"),
    ),
}


class LogGroup(Type):
    """``AWS::Logs::LogGroup``."""

    def create(self, request: Request) -> Made:
        """Make a group with its retention."""
        name = str(request.properties.get("LogGroupName", request.name))
        request.note(name)
        self.client("logs").create_log_group(logGroupName=name, tags=tags(request.properties))
        self._retain(name, request.properties)
        return Made(physical_id=name, attributes={"Arn": arn("logs", f"log-group:{name}:*")})

    def update(self, request: Request, before: Deployed) -> Made:
        """Change the retention."""
        self._retain(before.physical_id, request.properties)
        return Made(physical_id=before.physical_id, attributes=before.attributes)

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Delete it with what was logged."""
        self.client("logs").delete_log_group(logGroupName=resource.physical_id)

    def _retain(self, name: str, properties: Mapping[str, Any]) -> None:
        if "RetentionInDays" in properties:
            self.client("logs").put_retention_policy(
                logGroupName=name, retentionInDays=int(properties["RetentionInDays"])
            )
        else:
            self.client("logs").delete_retention_policy(logGroupName=name)


class LogStream(Type):
    """``AWS::Logs::LogStream``."""

    def create(self, request: Request) -> Made:
        """Make a stream."""
        name = str(request.properties.get("LogStreamName", request.name))
        request.note(name)
        self.client("logs").create_log_stream(logGroupName=request.properties["LogGroupName"], logStreamName=name)
        return Made(physical_id=name)

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Delete it with what was logged."""
        self.client("logs").delete_log_stream(
            logGroupName=resource.properties["LogGroupName"], logStreamName=resource.physical_id
        )


class Role(Type):
    """``AWS::IAM::Role``."""

    def create(self, request: Request) -> Made:
        """Make a role with its policies."""
        wanted, name = request.properties, str(request.properties.get("RoleName", request.name[-64:]))
        request.note(name)
        role = self.client("iam").create_role(
            RoleName=name,
            AssumeRolePolicyDocument=json.dumps(wanted["AssumeRolePolicyDocument"]),
            Description=wanted.get("Description", ""),
            Tags=wanted.get("Tags", []),
        )["Role"]
        self._set_policies(name, {}, wanted)
        return Made(physical_id=name, attributes={"Arn": role["Arn"], "RoleId": role["RoleId"]})

    def update(self, request: Request, before: Deployed) -> Made:
        """Change who may take it, and its policies."""
        wanted, name = request.properties, before.physical_id
        client = self.client("iam")
        client.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(wanted["AssumeRolePolicyDocument"]))
        client.update_role(RoleName=name, Description=wanted.get("Description", ""))
        self._set_policies(name, before.properties, wanted)
        return Made(physical_id=name, attributes=before.attributes)

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Delete it with its policies."""
        self._set_policies(resource.physical_id, resource.properties, {})
        self.client("iam").delete_role(RoleName=resource.physical_id)

    def _set_policies(self, name: str, before: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
        client = self.client("iam")
        managed, attached = wanted.get("ManagedPolicyArns", []), before.get("ManagedPolicyArns", [])
        for one in managed:
            client.attach_role_policy(RoleName=name, PolicyArn=one)
        for one in set(attached) - set(managed):
            with content_with_gone():
                client.detach_role_policy(RoleName=name, PolicyArn=one)
        inline = {one["PolicyName"]: one["PolicyDocument"] for one in wanted.get("Policies", [])}
        for policy, document in inline.items():
            client.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))
        for policy in {one["PolicyName"] for one in before.get("Policies", [])} - set(inline):
            with content_with_gone():
                client.delete_role_policy(RoleName=name, PolicyName=policy)


class Policy(Type):
    """``AWS::IAM::Policy``: the same policy in each of its roles."""

    def create(self, request: Request) -> Made:
        """Put it into its roles."""
        request.note(request.name)
        self._put(request.properties)
        return Made(physical_id=request.name, attributes={"Id": request.name})

    def update(self, request: Request, before: Deployed) -> Made:
        """Put it into its roles, and take it out of those that it had before."""
        self._put(request.properties)
        self._take_out(before.properties, spared=request.properties)
        return Made(physical_id=before.physical_id, attributes=before.attributes)

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Take it out of its roles."""
        self._take_out(resource.properties, spared={})

    def _put(self, properties: Mapping[str, Any]) -> None:
        document = json.dumps(properties["PolicyDocument"])
        for role in properties.get("Roles", []):
            self.client("iam").put_role_policy(
                RoleName=role, PolicyName=properties["PolicyName"], PolicyDocument=document
            )

    def _take_out(self, properties: Mapping[str, Any], *, spared: Mapping[str, Any]) -> None:
        for role in properties.get("Roles", []):
            if role not in spared.get("Roles", []) or properties["PolicyName"] != spared["PolicyName"]:
                with content_with_gone():
                    self.client("iam").delete_role_policy(RoleName=role, PolicyName=properties["PolicyName"])


class StateMachine(Type):
    """``AWS::StepFunctions::StateMachine``: kept; the provider framework's is carried out with its functions."""

    def create(self, request: Request) -> Made:
        """Make one."""
        name = str(request.properties.get("StateMachineName", request.name[-80:]))
        request.note(arn("states", f"stateMachine:{name}"))
        made = self.client("stepfunctions").create_state_machine(
            name=name, definition=request.properties["DefinitionString"], roleArn=request.properties["RoleArn"]
        )
        return Made(physical_id=made["stateMachineArn"], attributes={"Arn": made["stateMachineArn"], "Name": name})

    def update(self, request: Request, before: Deployed) -> Made:
        """Change the definition and the role."""
        self.client("stepfunctions").update_state_machine(
            stateMachineArn=before.physical_id,
            definition=request.properties["DefinitionString"],
            roleArn=request.properties["RoleArn"],
        )
        return Made(physical_id=before.physical_id, attributes=before.attributes)

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Delete it."""
        self.client("stepfunctions").delete_state_machine(stateMachineArn=resource.physical_id)


class Key(Type):
    """``AWS::KMS::Key``."""

    def create(self, request: Request) -> Made:
        """Make a key."""
        made = self.client("kms").create_key(
            Description=request.properties.get("Description", ""), Policy=json.dumps(request.properties["KeyPolicy"])
        )["KeyMetadata"]
        request.note(made["KeyId"])
        self._rotate(made["KeyId"], request.properties)
        return Made(physical_id=made["KeyId"], attributes={"Arn": made["Arn"], "KeyId": made["KeyId"]})

    def update(self, request: Request, before: Deployed) -> Made:
        """Change policy, description and rotation."""
        client, key = self.client("kms"), before.physical_id
        client.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(request.properties["KeyPolicy"]))
        client.update_key_description(KeyId=key, Description=request.properties.get("Description", ""))
        self._rotate(key, request.properties)
        return Made(physical_id=key, attributes=before.attributes)

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Have it deleted in the shortest time that there is."""
        self.client("kms").schedule_key_deletion(KeyId=resource.physical_id, PendingWindowInDays=7)

    def _rotate(self, key: str, properties: Mapping[str, Any]) -> None:
        client = self.client("kms")
        if properties.get("EnableKeyRotation"):
            client.enable_key_rotation(KeyId=key)
        else:
            client.disable_key_rotation(KeyId=key)


class Secret(Type):
    """``AWS::SecretsManager::Secret`` with a generated text."""

    def create(self, request: Request) -> Made:
        """Make a secret."""
        wanted, client = request.properties, self.client("secretsmanager")
        generate = dict(wanted.get("GenerateSecretString", {}))
        template, key = generate.pop("SecretStringTemplate", ""), generate.pop("GenerateStringKey", "")
        text = wanted.get("SecretString") or client.get_random_password(**generate)["RandomPassword"]
        if template:
            text = json.dumps({**json.loads(template), key: text})
        made = client.create_secret(
            Name=wanted.get("Name", request.name),
            Description=wanted.get("Description", ""),
            SecretString=text,
            **({"KmsKeyId": wanted["KmsKeyId"]} if "KmsKeyId" in wanted else {}),
        )
        return Made(physical_id=made["ARN"], attributes={"Id": made["ARN"]})

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Delete it at once."""
        self.client("secretsmanager").delete_secret(SecretId=resource.physical_id, ForceDeleteWithoutRecovery=True)


class DeliveryStream(Type):
    """``AWS::KinesisFirehose::DeliveryStream``: kept; nothing is delivered."""

    def create(self, request: Request) -> Made:
        """Make one."""
        name = str(request.properties.get("DeliveryStreamName", request.name[-64:]))
        request.note(name)
        given = {key: value for key, value in request.properties.items() if key != "DeliveryStreamName"}
        made = self.client("firehose").create_delivery_stream(DeliveryStreamName=name, **given)
        return Made(physical_id=name, attributes={"Arn": made["DeliveryStreamARN"]})

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Delete it."""
        self.client("firehose").delete_delivery_stream(DeliveryStreamName=resource.physical_id)


class UserPool(Type):
    """``AWS::Cognito::UserPool``."""

    def create(self, request: Request) -> Made:
        """Make a pool."""
        given = {key: value for key, value in request.properties.items() if key not in ("EnabledMfas", "UserPoolName")}
        # The API takes it with the settings of the second factor alone.
        given.pop("MfaConfiguration", None)
        name = request.properties.get("UserPoolName", request.name)
        client = self.client("cognito-idp")
        made = client.create_user_pool(PoolName=name, **given)["UserPool"]
        request.note(made["Id"])
        self._second_factor(made["Id"], request.properties)
        return Made(physical_id=made["Id"], attributes={"Arn": made["Arn"], "UserPoolId": made["Id"]})

    def update(self, request: Request, before: Deployed) -> Made:
        """Change its settings."""
        leave = ("EnabledMfas", "MfaConfiguration", "Schema", "UserPoolName")
        given = {key: value for key, value in request.properties.items() if key not in leave}
        self.client("cognito-idp").update_user_pool(UserPoolId=before.physical_id, **given)
        self._second_factor(before.physical_id, request.properties)
        return Made(physical_id=before.physical_id, attributes=before.attributes)

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Delete it with its users."""
        self.client("cognito-idp").delete_user_pool(UserPoolId=resource.physical_id)

    def _second_factor(self, pool: str, properties: Mapping[str, Any]) -> None:
        if "MfaConfiguration" in properties:
            enabled = "SOFTWARE_TOKEN_MFA" in properties.get("EnabledMfas", [])
            self.client("cognito-idp").set_user_pool_mfa_config(
                UserPoolId=pool,
                SoftwareTokenMfaConfiguration={"Enabled": enabled},
                MfaConfiguration=properties["MfaConfiguration"],
            )


class UserPoolDomain(Type):
    """``AWS::Cognito::UserPoolDomain``."""

    def create(self, request: Request) -> Made:
        """Make the domain of a pool."""
        domain = request.properties["Domain"]
        request.note(domain)
        self.client("cognito-idp").create_user_pool_domain(Domain=domain, UserPoolId=request.properties["UserPoolId"])
        return Made(physical_id=domain)

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Delete it."""
        self.client("cognito-idp").delete_user_pool_domain(
            Domain=resource.physical_id, UserPoolId=resource.properties["UserPoolId"]
        )


class IdentityPool(Type):
    """``AWS::Cognito::IdentityPool``."""

    def create(self, request: Request) -> Made:
        """Make a pool."""
        given = {"IdentityPoolName": request.name, **request.properties}
        made = self.client("cognito-identity").create_identity_pool(**given)["IdentityPoolId"]
        return Made(physical_id=made)

    def update(self, request: Request, before: Deployed) -> Made:
        """Change its settings."""
        given = {"IdentityPoolName": before.name, **request.properties}
        self.client("cognito-identity").update_identity_pool(IdentityPoolId=before.physical_id, **given)
        return Made(physical_id=before.physical_id)

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Delete it."""
        self.client("cognito-identity").delete_identity_pool(IdentityPoolId=resource.physical_id)


class Kept(Type):
    """A type that is only kept here: what it does has no counterpart, or another type does it."""

    def create(self, request: Request) -> Made:
        """Keep it."""
        return Made(physical_id=request.name)

    def update(self, _request: Request, before: Deployed) -> Made:
        """Keep it as it is now."""
        return Made(physical_id=before.physical_id, attributes=before.attributes)

    def delete(self, resource: Deployed, stack: Stack) -> None:
        """Forget it."""


class KeptObjects(Kept):
    """``Custom::OpenSearchDashboardsObjects``: Dashboards is not there, which its outcome says."""

    def create(self, request: Request) -> Made:
        """Keep it."""
        return Made(physical_id=request.name, attributes={"Outcome": "not imported: Dashboards is not there"})
