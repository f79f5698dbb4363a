"""How clients of a `KafkaCluster` sign in, and the secret with the password of those that have one."""

from __future__ import annotations

import json
from enum import StrEnum

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_msk as msk
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from flink_constructs import acknowledgment
from flink_constructs.naming import unique_name

__all__ = ["KafkaAuthentication"]


class KafkaAuthentication(StrEnum):
    """The one way in which clients of a cluster sign in.

    Where it is not ``IAM``, the cluster's own ACLs say what a client may do. MSK starts without any, and permits
    everything to everyone who gets in, which the security group decides.
    """

    IAM = "iam"
    """With the role that a client runs as, which says topic by topic what it may do; over TLS."""

    SCRAM = "scram"
    """With a name and a password, which the cluster has in AWS Secrets Manager; over TLS."""

    TLS = "tls"
    """Not at all, over TLS: what is sent is encrypted, and no client needs a certificate."""

    UNAUTHENTICATED = "unauthenticated"
    """Not at all, and nothing is encrypted between clients and brokers: for tests of what that costs."""

    @property
    def port(self) -> int:
        """Where brokers listen for these clients (https://docs.aws.amazon.com/msk/latest/developerguide/port-info.html)."""
        return {"iam": 9098, "scram": 9096, "tls": 9094, "unauthenticated": 9092}[self.value]

    @property
    def brokers_field(self) -> str:
        """What ``GetBootstrapBrokers`` calls the addresses for these clients."""
        suffix = {"iam": "SaslIam", "scram": "SaslScram", "tls": "Tls", "unauthenticated": ""}[self.value]
        return f"BootstrapBrokerString{suffix}"

    @property
    def encryption(self) -> str:
        """What MSK calls the encryption between clients and brokers."""
        return "PLAINTEXT" if self is KafkaAuthentication.UNAUTHENTICATED else "TLS"

    def client_authentication(self) -> msk.CfnCluster.ClientAuthenticationProperty:
        """The settings of a cluster: this way to sign in, and no other."""
        sasl = {
            KafkaAuthentication.IAM: msk.CfnCluster.SaslProperty(iam=msk.CfnCluster.IamProperty(enabled=True)),
            KafkaAuthentication.SCRAM: msk.CfnCluster.SaslProperty(scram=msk.CfnCluster.ScramProperty(enabled=True)),
        }.get(self)
        return msk.CfnCluster.ClientAuthenticationProperty(
            sasl=sasl, unauthenticated=msk.CfnCluster.UnauthenticatedProperty(enabled=sasl is None)
        )


class ScramSecret(Construct):
    """A name and a password made up by AWS Secrets Manager, with which the clients of one cluster sign in.

    MSK wants a name that starts with ``AmazonMSK_`` and a key of the customer's own
    (https://docs.aws.amazon.com/msk/latest/developerguide/msk-password.html).
    """

    secret: secretsmanager.Secret
    secret_name: str
    """As the context has it: clients name the secret without its ARN."""
    key: kms.Key

    #: The settings' name for what reads the secret. With a hyphen: CloudFormation's own ``${…}`` have none.
    PROVIDER = "secrets-manager"

    def __init__(
        self, scope: Construct, construct_id: str, *, cluster_arn: str, username: str, removal_policy: RemovalPolicy
    ) -> None:
        """Make the secret, and have the cluster take it.

        Args:
            scope: The parent.
            construct_id: The id, unique in ``scope``.
            cluster_arn: Of the cluster, which has SCRAM on.
            username: Who signs in with it.
            removal_policy: What becomes of the secret and its key when the cluster leaves the stack.

        """
        super().__init__(scope, construct_id)
        self.secret_name = unique_name(self, max_length=128, prefix="AmazonMSK_")
        self.key = kms.Key(
            self,
            "Key",
            description=f"The secret {self.secret_name}",
            enable_key_rotation=True,
            removal_policy=removal_policy,
        )
        self.secret = secretsmanager.Secret(
            self,
            "Secret",
            secret_name=self.secret_name,
            description="Name and password of the clients of a Kafka cluster",
            encryption_key=self.key,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=json.dumps({"username": username}),
                generate_string_key="password",
                password_length=32,
                # It stands between quotation marks in the clients' settings.
                exclude_punctuation=True,
            ),
            removal_policy=removal_policy,
        )
        acknowledgment.findings(
            self.secret,
            {
                "AwsSolutions-SMG4": "A new password makes the clients that hold the old one fail, so it is changed "
                "when they may: write it into the secret, and they read it as they restart."
            },
        )
        association = msk.CfnBatchScramSecret(
            self, "Association", cluster_arn=cluster_arn, secret_arn_list=[self.secret.secret_arn]
        )
        association.apply_removal_policy(removal_policy)

    @property
    def client_properties(self) -> dict[str, str]:
        """Settings with which a Kafka client reads the secret when it starts, and signs in."""
        name, password = (f"${{{self.PROVIDER}:{self.secret_name}:{key}}}" for key in ("username", "password"))
        provider = f"config.providers.{self.PROVIDER}"
        return {
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required "
            f'username="{name}" password="{password}";',
            "config.providers": self.PROVIDER,
            # In flink_apps/connectors/kafkasecrets.
            f"{provider}.class": "flinkscenarios.kafkasecrets.SecretsManagerConfigProvider",
            f"{provider}.param.region": Stack.of(self).region,
        }

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow to read the secret, and to use its key for that alone."""
        stack = Stack.of(self)
        service = f"secretsmanager.{stack.region}.{stack.url_suffix}"
        read = iam.Grant.add_to_principal(
            grantee=grantee, actions=["secretsmanager:GetSecretValue"], resource_arns=[self.secret.secret_arn]
        )
        return read.combine(
            iam.Grant.add_to_principal(
                grantee=grantee,
                actions=["kms:Decrypt"],
                resource_arns=[self.key.key_arn],
                conditions={"StringEquals": {"kms:ViaService": service}},
            )
        )
