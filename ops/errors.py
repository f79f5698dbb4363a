"""What can go wrong in a command, by exit status, and what AWS's refusals say in one line."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)

from flink_constructs.lifecycle_handler.application import ACCESS_ERRORS, LifecycleError, code_of
from ops.terminal import errors

#: ``User: arn:… is not authorized to perform: service:Action on resource: arn:… because …``
_NOT_AUTHORIZED = re.compile(r"User: (\S+) is not authorized to perform: (\S+)(?: on resource: (\S+))?")


class UsageError(Exception):
    """Wrong use, or a state that does not allow the call: one line, exit status 2; nothing has been changed."""


class OpsError(Exception):
    """What was asked for failed: the reason in a line, exit status 1."""


@contextmanager
def exit_status() -> Iterator[None]:
    """End with 2 for wrong use, 1 for a failure, 130 for Ctrl-C."""
    try:
        yield
    except (UsageError, NoCredentialsError, NoRegionError, ProfileNotFound) as error:
        _end(_words(error), 2)
    except (OpsError, LifecycleError, ClientError, BotoCoreError) as error:
        _end(_words(error), 1)
    except KeyboardInterrupt:
        errors.print("interrupted; what the service has begun goes on")
        sys.exit(130)


def _end(text: str, status: int) -> NoReturn:
    errors.print(f"error: {text}", markup=False)
    sys.exit(status)


def _words(error: Exception) -> str:
    match error:
        case NoCredentialsError():
            return "AWS credentials must be there (got none); 'aws configure' sets them, --profile names others"
        case NoRegionError():
            return "--region must name an AWS Region (got none); AWS_REGION and the profile can, too"
        case EndpointConnectionError():
            return f"{error}; is --endpoint-url, or AWS_ENDPOINT_URL, right?"
        case ClientError() if code_of(error) in ACCESS_ERRORS:
            return _denied(error)
        case ClientError():
            return " ".join(f"{error.operation_name}: {error.response['Error'].get('Message', '')}".split())
    return " ".join(str(error).split())


def _denied(error: ClientError) -> str:
    message = error.response["Error"].get("Message", "")
    found = _NOT_AUTHORIZED.search(message)
    if not found:
        return f"{error.operation_name} is not allowed: {' '.join(message.split())}"
    who, action, resource = found.groups()
    return f"{who} must be allowed {action}{f' on {resource}' if resource else ''}; ask for a policy that allows it"
