"""What a client of AWS checks and raises, by botocore's own model of the service."""

from __future__ import annotations

from functools import cache
from typing import Any

import botocore.session
from botocore.exceptions import ClientError, ParamValidationError
from botocore.model import ServiceModel
from botocore.validate import ParamValidator


@cache
def service_model(name: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(name)


def check(model: ServiceModel, operation: str, parameters: dict[str, Any], *, output: bool = False) -> None:
    operation_model = model.operation_model(operation)
    shape = operation_model.output_shape if output else operation_model.input_shape
    assert shape is not None
    report = ParamValidator().validate(parameters, shape)
    unknown = set(parameters) - set(shape.members)
    if report.has_errors() or unknown:
        raise ParamValidationError(report=f"{operation}: {report.generate_report()} {unknown or ''}")


def client_error(code: str, operation: str, message: str = "as told") -> ClientError:
    status = 503 if code == "ServiceUnavailableException" else 400
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, operation)
