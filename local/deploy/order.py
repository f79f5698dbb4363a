"""What each resource of a template needs of the others, and the order that follows from it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from local.errors import RunError

_VARIABLE = re.compile(r"\$\{([^!}][^}]*)\}")


def needs(body: Mapping[str, Any], known: Collection[str]) -> tuple[str, ...]:
    """The resources that must exist before one does: those that it names, and those that it says so of.

    Args:
        body: The resource as it stands in the template.
        known: The logical ids of the template's resources.

    """
    depends = body.get("DependsOn", [])
    named = [*_named(body.get("Properties", {})), *([depends] if isinstance(depends, str) else depends)]
    return tuple(dict.fromkeys(name for name in named if name in known))


def ordered(all_needs: Mapping[str, Collection[str]]) -> list[str]:
    """The resources so that each comes after what it needs; else in the order in which they were given.

    Raises:
        RunError: where they need each other in a circle.

    """
    sorter = TopologicalSorter({one: [it for it in wanted if it in all_needs] for one, wanted in all_needs.items()})
    try:
        sorter.prepare()
    except CycleError as error:
        raise RunError(f"the template's resources need each other in a circle: {' → '.join(error.args[1])}") from None
    place = {one: number for number, one in enumerate(all_needs)}
    found: list[str] = []
    ready: list[str] = []
    while sorter.is_active():
        ready = sorted([*ready, *sorter.get_ready()], key=place.__getitem__)
        found.append(ready.pop(0))
        sorter.done(found[-1])
    return found


def _named(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    if isinstance(value, list):
        for item in value:
            yield from _named(item)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            match key:
                case "Ref" if isinstance(item, str):
                    yield item
                case "Fn::GetAtt":
                    yield item.partition(".")[0] if isinstance(item, str) else item[0]
                case "Fn::Sub":
                    text, values = (item, {}) if isinstance(item, str) else item
                    yield from (name.partition(".")[0] for name in _VARIABLE.findall(text))
                    yield from _named(values)
                case _:
                    yield from _named(item)
