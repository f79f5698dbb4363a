"""Who calls what where: the address of each service on this machine, and the credentials of each role."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.loaders import Loader

from local.permissions import roles
from local.services.service import CREDENTIALS
from local.template import PSEUDO_PARAMETERS

#: The address of all services that have none of their own.
ANY = "*"
_REGION = PSEUDO_PARAMETERS["AWS::Region"]
#: What a process needs of this one's variables, whoever it calls.
_KEPT = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR")


@dataclass(frozen=True)
class Access:
    """How the deployment, its functions and its jobs reach the services.

    All of them get addresses and credentials here, and nowhere else.
    """

    #: Addresses by the names that boto3 gives the services.
    endpoints: Mapping[str, str]

    def endpoint(self, service: str) -> str:
        """The address of a service."""
        return self.endpoints.get(service, self.endpoints[ANY])

    def client(self, service: str) -> Any:  # noqa: ANN401 - a client of any service
        """A client that may do everything, as the deployment itself."""
        return _client(service, self.endpoint(service))

    def credentials(self, role_arn: str) -> dict[str, str]:
        """The variables with which a process signs its requests as a role; those of the deployment without one."""
        if not role_arn:
            return dict(CREDENTIALS)
        return roles.credentials(role_arn)

    def environment(self, role_arn: str) -> dict[str, str]:
        """All variables of a process that calls as a role, and reaches nothing but this machine's services."""
        addresses = {
            f"AWS_ENDPOINT_URL_{_service_id(service)}": address
            for service, address in self.endpoints.items()
            if service != ANY
        }
        return {
            **{name: os.environ[name] for name in _KEPT if name in os.environ},
            "AWS_REGION": _REGION,
            "AWS_DEFAULT_REGION": _REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": self.endpoints[ANY],
            **addresses,
            **self.credentials(role_arn),
        }


@cache
def _client(service: str, address: str) -> Any:  # noqa: ANN401 - a client of any service
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=address,
        region_name=_REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"mode": "standard", "max_attempts": 5}, s3={"addressing_style": "path"}),
    )


@cache
def _service_id(service: str) -> str:
    """A service's id as the SDKs' variables spell it."""
    model = Loader().load_service_model(service, "service-2")
    return str(model["metadata"]["serviceId"]).replace(" ", "_").upper()
