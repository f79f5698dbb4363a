"""Property groups as they are on this machine: what a template says to a job, said of the local servers."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flink_apps.common.properties import PropertyGroups

#: Kafka client settings about signing in, on their own or below a prefix: the local broker asks for none.
SIGN_IN = re.compile(r"(^|\.)(security\.|sasl\.|ssl\.|config\.providers(\.|$))")


def local_groups(groups: PropertyGroups, replacements: Mapping[str, str] | None = None) -> dict[str, dict[str, str]]:
    """Property groups with local values.

    Args:
        groups: As the template has them, with the attributes of the local servers.
        replacements: Texts that the template makes of these attributes, and what they are here. Default: none.

    """
    return {
        name: {key: local_text(value, replacements or {}) for key, value in group.items() if not SIGN_IN.search(key)}
        for name, group in groups.items()
    }


def local_text(text: str, replacements: Mapping[str, str]) -> str:
    """What the template makes of a local attribute, as it is on this machine."""
    for made, replacement in replacements.items():
        text = text.replace(made, replacement)
    return text
