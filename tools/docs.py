"""The tables in the READMEs, from the code: ``python -m tools.docs`` writes them anew.

A README marks the place of a table with ``<!-- table: NAME -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Le
from pydantic.fields import FieldInfo

import scenarios
from flink_apps.common.options import Option
from flink_apps.data_generator.records import RECORD_TYPES, RecordType
from stacks.config import ScenarioConfig
from stacks.project import ROOT, jobs
from stacks.registry import stack_type

_MARKED = re.compile(r"(<!-- table: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def properties_table(options: Iterable[Option[Any]], passed_on: Mapping[str, str]) -> str:
    """The property groups of a job."""
    rows = [
        (f"`{option.group}`", f"`{option.key}`", option.type.values, _code(option.default_text), option.meaning)
        for option in options
    ]
    rows += [(f"`{group}`", "any other key", "", "", f"passed on to {taker}") for group, taker in passed_on.items()]
    return _table(("group", "key", "values", "default", "meaning"), sorted(rows, key=lambda row: row[0]))


def context_table(config: type[ScenarioConfig]) -> str:
    """The context block of a scenario: its own keys first."""
    own = [name for name in config.model_fields if name not in ScenarioConfig.model_fields]
    rows = []
    for name in (*own, *ScenarioConfig.model_fields):
        field, option = config.model_fields[name], config.options().get(name)
        shown = _shown(field.default) if option is None or field.default is None else option.type.write(field.default)
        values = option.type.values if option else _values(field)
        rows.append((f"`{field.alias}`", values, _code(shown), str(field.description)))
    return _table(("key", "values", "default", "meaning"), rows)


def _context_table_of(scenario: str) -> str:
    return context_table(stack_type(scenario).config_type)


def fields_table(record_type: RecordType) -> str:
    """What the fields of a record type are."""
    return _table(("field", "what it is"), [(f"`{field.name}`", field.meaning) for field in record_type.fields])


def _values(field: FieldInfo) -> str:
    """The values of a field that is no option: its choices or its bounds, as far as its type has them."""
    members = get_args(field.annotation) or (field.annotation,)
    choices = [str(choice) for kind in (field.annotation, *members) for choice in _choices(kind)]
    if choices:
        numbers = ["an integer"] if int in members else []
        return " or ".join(dict.fromkeys([*numbers, *choices]))
    low = next((bound.ge for bound in field.metadata if isinstance(bound, Ge)), None)
    high = next((bound.le for bound in field.metadata if isinstance(bound, Le)), None)
    if low is None:
        return ""
    return f"an integer from {low} to {high}" if high is not None else f"an integer of at least {low}"


def _choices(kind: object) -> Iterable[object]:
    if kind is bool:
        return ("true", "false")
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return list(kind)
    return get_args(kind) if get_origin(kind) is Literal else ()


def _shown(default: object) -> str:
    if default is None:
        return ""
    if isinstance(default, tuple):
        return ", ".join(default)
    return str(default).lower() if isinstance(default, bool) else str(default)


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [headings, ("---",) * len(headings), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def _tables_of(job: str) -> dict[str, Callable[[], str]]:
    settings = scenarios.module("flink_apps", f"{job}.settings")
    tables: dict[str, Callable[[], str]] = {
        "properties": lambda: properties_table(settings.OPTIONS, settings.PASSED_ON)
    }
    for name in (name for name in scenarios.NAMES if scenarios.folder(name) == job):
        tables["context"] = functools.partial(_context_table_of, name)
    if job == "data_generator":
        tables |= {name: functools.partial(fields_table, record_type) for name, record_type in RECORD_TYPES.items()}
    return tables


#: The tables of each README by their names: a job has its properties, a scenario its context, too.
TABLES: dict[Path, dict[str, Callable[[], str]]] = {
    ROOT / "flink_apps" / job / "README.md": _tables_of(job) for job in jobs()
}


def rendered(readme: Path) -> str:
    """The text that a README should have: its own, with the tables of now."""
    writers = TABLES[readme]
    return _MARKED.sub(lambda mark: mark[1] + writers[mark[2]]() + mark[3], readme.read_text(encoding="utf-8"))


def main() -> None:
    """Write the tables anew."""
    for readme in TABLES:
        readme.write_text(rendered(readme), encoding="utf-8")


if __name__ == "__main__":
    main()
