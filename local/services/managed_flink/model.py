"""The service's own model, as botocore ships it: its operations, and what a request and an answer may hold."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StringShape, StructureShape
from botocore.validate import ParamValidator

SERVICE = "kinesisanalyticsv2"
#: How much of a refused value an error shows.
_SHOWN = 100
#: How many problems of one request.
_TOLD = 5


class RefusedError(Exception):
    """What the service answers to a call that it does not carry out: one of its error codes, and the reason."""

    def __init__(self, code: str, message: str) -> None:
        """Take the code, which is the name of the exception in the model, and the reason in one line."""
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


@cache
def service_model() -> ServiceModel:
    """The model of the service."""
    return botocore.session.get_session().get_service_model(SERVICE)


@cache
def operation_model(name: str) -> OperationModel | None:
    """The model of an operation; None where the service has none of this name."""
    return service_model().operation_model(name) if name in service_model().operation_names else None


@cache
def error_codes(operation: str) -> frozenset[str]:
    """The codes with which the service refuses an operation, as the model lists them."""
    model = operation_model(operation)
    return frozenset(shape.name for shape in model.error_shapes) if model else frozenset()


def one_of(operation: str, *codes: str) -> str:
    """The first of several codes that an operation has; the last where it has none of them."""
    return next((code for code in codes if code in error_codes(operation)), codes[-1])


def check_request(operation: OperationModel, parameters: dict[str, Any]) -> None:
    """Check the parameters of a call.

    Raises:
        RefusedError: with every problem, where they break the model's rules.

    """
    if found := list(_problems(operation.input_shape, parameters)):
        code = one_of(operation.name, "InvalidArgumentException", "InvalidRequestException")
        more = f"; and {len(found) - _TOLD} more" if len(found) > _TOLD else ""
        raise RefusedError(code, "; ".join(found[:_TOLD]) + more)


def check_answer(operation: OperationModel, answer: dict[str, Any]) -> None:
    """Check an answer, which is the control plane's own responsibility.

    Raises:
        AssertionError: where it breaks the model's rules.

    """
    if found := list(_problems(operation.output_shape, answer)):
        raise AssertionError(f"the answer of {operation.name} is not valid: {'; '.join(found)}")


def from_json(operation: OperationModel, body: bytes) -> dict[str, Any]:
    """Read the parameters of a call from the body of a request.

    Raises:
        RefusedError: for a body that is no JSON object.

    """
    code = one_of(operation.name, "InvalidRequestException", "InvalidArgumentException")
    try:
        document = json.loads(body or b"{}", parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise RefusedError(code, f"the body must be JSON ({error})") from None
    if not isinstance(document, dict):
        raise RefusedError(code, f"the body must be a JSON object (got {_shown(document)})")
    try:
        parameters: dict[str, Any] = _read(operation.input_shape, document)
    except (binascii.Error, OverflowError, OSError, ValueError, RecursionError) as error:
        raise RefusedError(code, f"the body must hold times and bytes that can be read ({error})") from None
    return parameters


def to_json(answer: dict[str, Any]) -> bytes:
    """Write an answer: times as seconds since 1970, bytes in base 64."""
    return json.dumps(answer, default=_plain, separators=(",", ":")).encode()


def _plain(value: object) -> float | str:
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"no JSON has {type(value).__name__}")


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _read(shape: Shape | None, value: Any) -> Any:  # noqa: ANN401 - any JSON
    """A JSON value as Python's; one of the wrong type stays as it is, and is refused when it is checked."""
    match shape, value:
        case StructureShape(), dict():
            members = shape.members
            return {key: _read(members.get(key), item) for key, item in value.items() if item is not None}
        case ListShape(), list():
            return [_read(shape.member, item) for item in value]
        case MapShape(), dict():
            return {key: _read(shape.value, item) for key, item in value.items()}
        case Shape(type_name="timestamp"), int() | float():
            return datetime.fromtimestamp(value, UTC)
        case Shape(type_name="blob"), str():
            return base64.b64decode(value, validate=True)
    return value


def _problems(shape: Shape | None, value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    """What breaks the model's rules: botocore checks types, the names of members and minima, and leaves the rest."""
    if shape is None:
        yield from (f"unknown member {name!r}" for name in value)
        return
    report = ParamValidator().validate(value, shape)
    yield from (_shortened(line) for line in report.generate_report().splitlines() if line)
    yield from _constraints(shape, value, "")


def _constraints(shape: Shape, value: Any, name: str) -> Iterator[str]:  # noqa: ANN401 - any JSON
    match shape, value:
        case StructureShape(), dict():
            members = shape.members
            for key in (key for key in members if key in value):
                yield from _constraints(members[key], value[key], f"{name}.{key}".removeprefix("."))
        case ListShape(), list():
            yield from _bounded(shape, len(value), f"the length of {name}")
            for number, item in enumerate(value):
                yield from _constraints(shape.member, item, f"{name}[{number}]")
        case MapShape(), dict():
            yield from _bounded(shape, len(value), f"the length of {name}")
            for key, item in value.items():
                yield from _constraints(shape.key, key, f"the key {_shown(key)} of {name}")
                yield from _constraints(shape.value, item, f"{name}.{key}")
        case StringShape(), str():
            yield from _bounded(shape, len(value), f"the length of {name}")
            pattern = shape.metadata.get("pattern")
            if pattern and not re.fullmatch(pattern, value):
                yield f"{name} must match {pattern} (got {_shown(value)})"
            if shape.enum and value not in shape.enum:
                yield f"{name} must be one of {', '.join(shape.enum)} (got {_shown(value)})"
        case Shape(type_name="integer" | "long"), bool():
            yield f"{name} must be a number (got {value})"
        case Shape(type_name="integer" | "long"), int():
            yield from _bounded(shape, value, name)
        case Shape(type_name="blob"), bytes():
            yield from _bounded(shape, len(value), f"the size of {name}")


def _bounded(shape: Shape, number: int, name: str) -> Iterator[str]:
    maximum = shape.metadata.get("max")
    if maximum is not None and number > maximum:
        yield f"{name} must be at most {maximum} (got {number})"


def _shown(value: object) -> str:
    return _shortened(repr(value), _SHOWN)


def _shortened(text: str, length: int = 3 * _SHOWN) -> str:
    return text if len(text) <= length else f"{text[:length]}…"
