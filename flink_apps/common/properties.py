"""The property groups that the service passes to an application, and the error about an invalid property.

Standard library only, as the stacks import it, too.
"""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path

PropertyGroups = Mapping[str, Mapping[str, str]]

#: Where the managed service puts the property groups of a running application.
SERVICE_FILE = Path("/etc/flink/application_properties.json")
#: The environment variable that names another file, such as that of a local run.
FILE_VARIABLE = "FLINK_APPLICATION_PROPERTIES"


class SettingsError(ValueError):
    """An invalid property; the message states the name, the rule, the value received and the fix."""

    def __init__(self, name: str, rule: str, value: object, fix: str) -> None:
        super().__init__(f"{name} must {rule} (got {value!r}); {fix}")
        self.name, self.rule, self.value, self.fix = name, rule, value, fix


def nearest(name: str, known: Collection[str]) -> str:
    """The fix for an unknown name: the most similar known one, or all of them."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"


def read_property_groups(path: Path | None = None, *, needed: bool = True) -> dict[str, dict[str, str]]:
    """Read the property groups that the service, or a local run, passes to the application.

    Args:
        path: A JSON list of ``{"PropertyGroupId": …, "PropertyMap": {…}}``. Default: the service's file, or the one
            that the variable :data:`FILE_VARIABLE` names.
        needed: Whether the file has to exist. If not, a missing file stands for no groups.

    Raises:
        SettingsError: The file is missing, or is not such a list.

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
