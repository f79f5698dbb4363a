"""What the types have in common: names, ARNs, properties, and what clients raise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from confluent_kafka import KafkaException
from requests import RequestException

from local.deploy.access import Access
from local.deploy.handler import Handler, Made, RefusedError, Request
from local.deploy.stack import Deployed, Stack
from local.template import PSEUDO_PARAMETERS

REGION, ACCOUNT = PSEUDO_PARAMETERS["AWS::Region"], PSEUDO_PARAMETERS["AWS::AccountId"]
_GONE = ("NotFound", "NoSuch", "NotExist", "InvalidVpcEndpointId.NotFound")


class Type:
    """A type whose resources are made by calls of a service; by default it cannot be changed in place."""

    def __init__(self, access: Access) -> None:
        self.access = access

    def client(self, service: str) -> Any:  # noqa: ANN401 - a client of any service
        """A client of a service."""
        return self.access.client(service)

    def update(self, request: Request, before: Deployed) -> Made:
        """Refuse: whatever can change of it replaces it, or is not there."""
        changed = sorted(
            key
            for key in {*request.properties, *before.properties}
            if request.properties.get(key) != before.properties.get(key)
        )
        raise RefusedError(
            f"{', '.join(changed)} of {request.resource.type} cannot be changed here; destroy and deploy"
        )


class Guarded:
    """A handler whose clients' errors are refusals, and that is content with what is gone already."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    def create(self, request: Request) -> Made:
        """Make a resource."""
        with refusals():
            return self._handler.create(request)

    def update(self, request: Request, before: Deployed) -> Made:
        """Change a resource."""
        with refusals():
            return self._handler.update(request, before)

    def delete(self, resource: Deployed, stack: Stack) -> None:
        """Delete a resource."""
        with refusals(), content_with_gone():
            self._handler.delete(resource, stack)


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what clients raise into a refusal."""
    try:
        yield
    except (RequestException, KafkaException, BotoCoreError, ClientError) as error:
        raise RefusedError(str(error)) from error
    except KeyError as error:
        raise RefusedError(f"the property {error} must be given (got none)") from error


@contextmanager
def content_with_gone() -> Iterator[None]:
    """Be content with what does not exist any more."""
    try:
        yield
    except ClientError as error:
        if not any(word in error.response["Error"]["Code"] for word in _GONE):
            raise


def arn(service: str, resource: str, *, region: str = REGION, account: str = ACCOUNT) -> str:
    """An ARN of this machine."""
    return f"arn:{PSEUDO_PARAMETERS['AWS::Partition']}:{service}:{region}:{account}:{resource}"


def lowered(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Properties with names that begin in lower case, as some services have them."""
    if isinstance(value, Mapping):
        return {key[:1].lower() + key[1:]: lowered(item) for key, item in value.items()}
    return [lowered(item) for item in value] if isinstance(value, list) else value


def tags(properties: Mapping[str, Any]) -> dict[str, str]:
    """The tags by their keys."""
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}
