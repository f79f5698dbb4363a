"""Run-time properties of an application: declared once, written by the stack, read by the job, tabulated in the README.

Standard library only: the stacks import it as well.
"""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

PropertyGroups = Mapping[str, Mapping[str, str]]

#: Where the managed service puts the property groups of a running application.
SERVICE_FILE = Path("/etc/flink/application_properties.json")
#: Names another file, such as the one that a local run writes.
FILE_VARIABLE = "FLINK_APPLICATION_PROPERTIES"


class SettingsError(ValueError):
    """A property that breaks its rule: the message has the name, the rule, the value received and the fix."""

    def __init__(self, name: str, rule: str, value: object, fix: str) -> None:
        super().__init__(f"{name} must {rule} (got {value!r}); {fix}")


@dataclass(frozen=True, kw_only=True)
class Property:
    """One key of a property group.

    ``default`` is the text that stands for an absent key; ``None`` where the key is required or has no fixed default,
    which ``meaning`` then says.
    """

    group: str
    key: str
    meaning: str
    default: str | None = None

    @property
    def name(self) -> str:
        """The name that error messages use."""
        return f"{self.group}/{self.key}"

    def error(self, rule: str, value: object, fix: str) -> SettingsError:
        """An error about this property."""
        return SettingsError(self.name, rule, value, fix)

    def text(self, groups: PropertyGroups) -> str | None:
        """The value without surrounding white space; absent and empty both mean the default."""
        return groups.get(self.group, {}).get(self.key, "").strip() or self.default

    def required(self, groups: PropertyGroups, *, fix: str) -> str:
        """The value of a key that must be there."""
        value = self.text(groups)
        if value is None:
            raise self.error("be set", value, fix)
        return value

    def whole_number(self, groups: PropertyGroups, *, low: int, high: int) -> int:
        """The value as a whole number from ``low`` to ``high``, both included."""
        value = self.required(groups, fix="write a whole number")
        # int() alone would take '1_000', and digits of other scripts.
        number = int(value) if re.fullmatch(r"[+-]?[0-9]+", value) else None
        if number is None or not low <= number <= high:
            raise self.error(f"be a whole number from {low} to {high}", value, f"write for example {max(low, 10)}")
        return number

    def truth(self, groups: PropertyGroups) -> bool:
        """The value as true or false, in any case."""
        value = self.required(groups, fix="write true or false")
        if value.lower() not in ("true", "false"):
            raise self.error("be true or false", value, "write one of the two")
        return value.lower() == "true"

    def matching(self, groups: PropertyGroups, *, pattern: str, rule: str, fix: str) -> str | None:
        """The value, which ``pattern`` must match from end to end where there is one."""
        value = self.text(groups)
        if value is not None and not re.fullmatch(pattern, value):
            raise self.error(rule, value, fix)
        return value

    def region(self, groups: PropertyGroups) -> str:
        """The value as a region; without one that which the application runs in."""
        region = self.matching(
            groups,
            pattern=r"[a-z]+(-[a-z]+)+-[0-9]+",
            rule="be the name of a region",
            fix="write for example eu-west-1",
        )
        region = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        if region is None:
            raise self.error("be set where the variable AWS_REGION is not", None, "write for example eu-west-1")
        return region

    def initial_position(self, groups: PropertyGroups) -> str:
        """The value as the place where a Kinesis stream is read from without a checkpoint."""
        position = self.matching(
            groups,
            pattern="TRIM_HORIZON|LATEST",
            rule="be TRIM_HORIZON or LATEST",
            fix="TRIM_HORIZON leaves out nothing that the stream still holds",
        )
        return position or "TRIM_HORIZON"


def other_keys(groups: PropertyGroups, *known: Property) -> dict[str, str]:
    """What the group of the ``known`` properties has besides them: handed on as it is."""
    names = {prop.key for prop in known}
    return {key: value for key, value in groups.get(known[0].group, {}).items() if key not in names}


def nearest(name: str, known: Collection[str]) -> str:
    """What to do about an unknown name: the known one that is most like it, or all of them."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"


def refuse_unknown_keys(groups: PropertyGroups, properties: Iterable[Property]) -> None:
    """Refuse a key that none of ``properties`` has, in the groups that they are of, and name the nearest."""
    known: dict[str, list[str]] = {}
    for prop in properties:
        known.setdefault(prop.group, []).append(prop.key)
    for group, keys in known.items():
        for key in groups.get(group, {}):
            if key not in keys:
                raise SettingsError(f"{group}/{key}", "be a known key", key, nearest(key, keys))


@dataclass(frozen=True)
class StreamArn:
    """The ARN of a Kinesis stream, in any AWS partition."""

    text: str
    region: str
    stream_name: str

    @classmethod
    def parse(cls, prop: Property, value: str) -> StreamArn:
        """Read an ARN, or raise the :class:`SettingsError` that says what one looks like."""
        match = re.fullmatch(
            r"arn:aws[a-z-]*:kinesis:([a-z]+(?:-[a-z]+)+-[0-9]+):[0-9]{12}:stream/([\w.-]{1,128})", value
        )
        if match is None:
            raise prop.error(
                "be the ARN of a Kinesis stream",
                value,
                "write arn:<partition>:kinesis:<region>:<account>:stream/<name>",
            )
        return cls(text=value, region=match[1], stream_name=match[2])


def read_property_groups(path: Path | None = None, *, needed: bool = True) -> dict[str, dict[str, str]]:
    """Read the property groups that the service, or a local run, hands to the application.

    The file is a JSON list of ``{"PropertyGroupId": …, "PropertyMap": {…}}``; where it is not ``needed`` and missing,
    there are none.
    """
    path = path or Path(os.environ.get(FILE_VARIABLE) or SERVICE_FILE)
    try:
        groups = json.loads(path.read_text(encoding="utf-8"))
        return {group["PropertyGroupId"]: dict(group["PropertyMap"]) for group in groups}
    except FileNotFoundError:
        if not needed:
            return {}
        raise SettingsError(
            "the property file", "exist", str(path), f"name another one in the variable {FILE_VARIABLE}"
        ) from None
    except (ValueError, TypeError, KeyError) as cause:
        rule = 'be a JSON list of {"PropertyGroupId": …, "PropertyMap": {…}}'
        raise SettingsError("the property file", rule, str(path), f"mend it: {cause}") from None
