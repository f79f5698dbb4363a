"""cfn-lint of many templates that have most of their resources in common: each distinct resource is linted once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.constructs.checks import lint

Json = Mapping[str, Any]
#: A section of a template and a name in it.
Place = tuple[str, str]

#: The sections of which only a part is linted; the others are small.
SECTIONS = ("Resources", "Outputs")


class DistinctLinter:
    """Finds what cfn-lint finds in a template, without linting again what was found good in an earlier one.

    A resource is another one where its body differs, or the type of a resource that it names. The CDK itself refuses a
    circle of resources. What compares the properties of several resources is left to :meth:`lint_whole`.
    """

    def __init__(self, lint: Callable[[Json], list[str]] = lint) -> None:
        self._lint = lint
        self._good: set[str] = set()

    def lint_whole(self, template: Json) -> list[str]:
        """What is found in all of the template."""
        findings = self._lint(template)
        if not findings:
            self._good.update(_distinct(template).values())
        return findings

    def lint(self, template: Json) -> list[str]:
        """What is found in the template; only what is new in it is looked at, as long as that is good."""
        distinct = _distinct(template)
        new = {place for place, key in distinct.items() if key not in self._good}
        if not new:
            return []
        named = {("Resources", name) for place in new for name in _names(template, place)} - new
        found = {_place(finding) for finding in self._lint(_part(template, new, named))}
        if found - named:
            return self.lint_whole(template)
        self._good.update(distinct[place] for place in new)
        return []


def _distinct(template: Json) -> dict[Place, str]:
    """For each resource and each output what makes it another one."""
    return {
        (section, name): json.dumps(
            [section, body, {one: template["Resources"][one]["Type"] for one in _names(template, (section, name))}],
            sort_keys=True,
        )
        for section in SECTIONS
        for name, body in template.get(section, {}).items()
    }


def _names(template: Json, place: Place) -> set[str]:
    """The resources that a resource or an output names, in whatever way."""
    section, name = place
    words = set(re.findall(r"\w+", json.dumps(template[section][name])))
    return words.intersection(template["Resources"])


def _place(finding: str) -> Place:
    """Where a finding is, which is written as ``check at section/name/…: message``."""
    section, name, *_ = re.split("[/:]", finding.partition(" at ")[2], maxsplit=2)
    return section, name


def _part(template: Json, new: set[Place], named: set[Place]) -> dict[str, Any]:
    """A template with the new resources and outputs, and with what they name as no more than the target of a name."""
    sections = {
        section: {
            name: body if (section, name) in new else {"Type": body["Type"]}
            for name, body in template[section].items()
            if (section, name) in new | named
        }
        for section in SECTIONS
        if section in template
    }
    return {**template, **sections}
