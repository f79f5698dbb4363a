"""Which changes of a resource replace it: what the schemas of the resource types say, which cfn-lint brings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from local.template import PSEUDO_PARAMETERS


def replaced_by(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The properties of a resource whose change makes it another one; none if it can be changed in place.

    Args:
        kind: Its type. A custom resource has no schema: its handler says by another id that it is another one.
        before: Its properties.
        after: Its properties as they shall be.

    """
    return [path for path in _create_only(kind) if _at(before, path) != _at(after, path)]


@cache
def _create_only(kind: str) -> tuple[str, ...]:
    """The paths of the properties that are only taken when a resource is created, always or in some cases."""
    if kind.startswith("Custom::"):
        return ()
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # takes seconds, and not every deployment changes one

    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(PSEUDO_PARAMETERS["AWS::Region"], kind).schema
    paths = [*schema.get("createOnlyProperties", []), *schema.get("conditionalCreateOnlyProperties", [])]
    return tuple(path.removeprefix("/properties/").replace("/properties/", "/") for path in paths)


def _at(value: Any, path: str) -> Any:  # noqa: ANN401 - any JSON
    """What stands at a path, below lists as well; None where there is nothing."""
    head, _, rest = path.partition("/")
    if head == "*" or isinstance(value, list):
        inner = rest if head == "*" else path
        return [_at(item, inner) if inner else item for item in value] if isinstance(value, list) else None
    found = value.get(head) if isinstance(value, Mapping) else None
    return _at(found, rest) if rest else found
