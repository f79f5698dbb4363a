"""What IAM is asked about a request: its actions, each with its resource.

Operation and parameters are read by botocore's model of the service. What IAM makes of them is in ``services.yaml``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import jmespath
import yaml
from botocore.parsers import ResponseParserError, RpcV2CBORParser
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException

from local.template import PSEUDO_PARAMETERS

_TABLE: dict[str, dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "services.yaml").read_text())
_SIGNED = re.compile(r"AWS4-[A-Z0-9-]+ .*?Credential=([^/,\s]+)/\d+/(?:([^/,\s]+)/)?([^/,\s]+)/aws4_request")
_RPC_V2 = re.compile(r"/service/[^/]+/operation/([^/]+)")
_BRACES = re.compile(r"\{([^{}]+)\}")


class UnknownRequestError(Exception):
    """Nobody can say what IAM would be asked; the message tells the request."""


@dataclass(frozen=True, order=True)
class Use:
    """An action of IAM on a resource."""

    action: str
    resource: str


@dataclass(frozen=True, kw_only=True)
class HttpRequest:
    """A request as it was sent; the body may be left out where :func:`needs_body` says so."""

    method: str
    #: Path and query.
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path."""
        return urlsplit(self.target).path


@dataclass(frozen=True)
class Signature:
    """Who signed a request, and for which service."""

    access_key_id: str
    region: str
    service: str

    @classmethod
    def of(cls, request: HttpRequest) -> Signature | None:
        """The signature of a request, in its header or its query; None where it has none."""
        told = next((value for name, value in request.headers.items() if name.lower() == "authorization"), "")
        query = parse_qs(urlsplit(request.target).query)
        if not told and "X-Amz-Credential" in query:
            told = f"AWS4-HMAC-SHA256 Credential={query['X-Amz-Credential'][0]}"
        found = _SIGNED.match(told)
        return cls(found[1], found[2] or PSEUDO_PARAMETERS["AWS::Region"], found[3]) if found else None


def needs_body(signature: Signature, request: HttpRequest) -> bool:
    """Whether the body says what a request is about: of the objects of S3 it does not."""
    return signature.service != "s3" or (
        request.method == "POST" and "delete" in parse_qs(urlsplit(request.target).query, keep_blank_values=True)
    )


def token_in(signature: Signature, request: HttpRequest, answer: bytes) -> str | None:
    """What later requests may name instead of the resource, by the beginning of the answer to a request."""
    target = next((value for key, value in request.headers.items() if key.lower() == "x-amz-target"), "")
    name = _TABLE.get(signature.service, {}).get("tokens", {}).get(target.rpartition(".")[2])
    _, found, rest = answer.partition(name.encode()) if name else (b"", b"", b"")
    if not found:
        return None
    if told := re.match(rb'"\s*:\s*"([^"]+)"', rest):
        return told[1].decode()
    parser = RpcV2CBORParser()
    try:
        return str(parser.parse_data_item(parser.get_peekable_stream_from_bytes(rest)))
    except (ResponseParserError, ValueError):
        return None


def uses(
    signature: Signature, request: HttpRequest, *, target: str = "", tokens: Mapping[str, str] | None = None
) -> list[Use]:
    """What IAM is asked about a request.

    Args:
        signature: Who signed it.
        request: The request.
        target: The ARN of what listens at the address, for services whose requests do not name it.
        tokens: The resources that tokens of earlier answers stand for.

    Raises:
        UnknownRequestError: of a service or an operation that is not known.

    """
    service = _TABLE.get(signature.service)
    if service is None:
        listed = ", ".join(sorted(_TABLE))
        raise UnknownRequestError(
            f"{request.method} {request.path} must be of a service in {Path(__file__).parent.name}/services.yaml"
            f" (got {signature.service!r}, known are {listed}); add it there"
        )
    known: dict[str, Any] = {
        "partition": PSEUDO_PARAMETERS["AWS::Partition"],
        "region": signature.region,
        "account": PSEUDO_PARAMETERS["AWS::AccountId"],
        "target": target,
        "path": unquote(request.path),
    }
    prefix = service.get("prefix", signature.service)
    if "requests" in service:
        rules: Sequence[Mapping[str, Any]] = [rule for rule in service["requests"] if _matches(rule, request)][:1]
        if not rules:
            raise UnknownRequestError(f"{request.method} {request.path} must be a request of {signature.service}")
    else:
        name, parameters = _operation(service.get("model", signature.service), request)
        known = {**parameters, **known}
        rules = service.get("operations", {}).get(name) or [{"action": name}]
    resources = list(service.get("resources", []))
    for name in service.get("tokens", {}).values():
        if resource := (tokens or {}).get(known.get(name.removeprefix("Next"), "")):
            resources.append(resource)
    return sorted({use for rule in rules for use in _applied(rule, resources, known, prefix)})


def _matches(rule: Mapping[str, Any], request: HttpRequest) -> bool:
    return rule.get("method", request.method) == request.method and bool(
        re.fullmatch(rule.get("path", ".*"), request.path)
    )


def _applied(rule: Mapping[str, Any], resources: Sequence[str], known: Mapping[str, Any], prefix: str) -> Iterator[Use]:
    if any(known.get(name) in (None, "") for name in rule.get("given", [])):
        return
    if any(known.get(name) not in (None, "") for name in rule.get("without", [])):
        return
    action = rule["action"] if ":" in rule["action"] else f"{prefix}:{rule['action']}"
    templates = [rule["resource"]] if "resource" in rule else resources
    found = next(filter(None, (_filled(template, known) for template in templates)), ["*"])
    yield from (Use(action, resource) for resource in found)


def _filled(template: str, known: Mapping[str, Any]) -> list[str]:
    """The ARNs that a template stands for: several where a parameter is a list, none where one is missing."""
    filled = [""]
    for number, part in enumerate(_BRACES.split(template)):
        values = [part]
        if number % 2:
            value = jmespath.search(part, known)
            values = [str(one) for one in (value if isinstance(value, list) else [value]) if one not in (None, "")]
        filled = [f"{before}{value}" for before in filled for value in values]
    alone = _BRACES.fullmatch(template)
    return [arn for arn in filled if arn.startswith("arn:")] if alone else filled


def _operation(model: str, request: HttpRequest) -> tuple[str, dict[str, Any]]:
    """The operation and its parameters."""
    made = Request.from_primitives(
        request.method, f"http://127.0.0.1{request.target}", dict(request.headers), request.body
    )
    if request.method == "POST" and (found := _RPC_V2.fullmatch(request.path)):
        return found[1], _read(request.body, "cbor")
    if name := made.headers.get("X-Amz-Target", "").rpartition(".")[2]:
        if name not in get_service_model(model).operation_names:
            raise UnknownRequestError(f"X-Amz-Target must be an operation of {model} (got {name!r})")
        # The members have their own names on the wire; what is in the records of a stream need not be decoded.
        return name, _read(request.body, made.content_type or "")
    try:
        operation, labels = get_service_router(model).match(made)
        protocol = determine_request_protocol(get_service_model(model), made.content_type)
        parameters = PROTOCOL_PARSERS[protocol](operation).parse(
            {
                "body": request.body,
                "headers": made.headers,
                "method": made.method,
                "url_params": labels,
                "url_path": made.path,
                "values": made.values,
            }
        )
    except (HTTPException, NotImplementedError) as error:
        raise UnknownRequestError(f"{request.method} {request.target} must be an operation of {model}") from error
    if "CopySource" in parameters:
        parameters["CopySource"] = unquote(parameters["CopySource"]).partition("?versionId=")[0].lstrip("/")
    return str(operation.name), dict(parameters)


def _read(body: bytes, content_type: str) -> dict[str, Any]:
    """The members of a body of JSON or CBOR."""
    try:
        if "cbor" in content_type:
            parser = RpcV2CBORParser()
            parsed = parser.parse_data_item(parser.get_peekable_stream_from_bytes(body)) if body else {}
        else:
            parsed = json.loads(body or b"{}")
    except (ResponseParserError, ValueError) as error:
        raise UnknownRequestError(f"a body must be {content_type} (got {body[:20]!r})") from error
    return dict(parsed)
