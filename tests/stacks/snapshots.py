"""Templates as snapshots keep them."""

from __future__ import annotations

import json
import re
import textwrap
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

#: What CDK writes for the content of an asset, or the lifecycle for the configuration of an application.
_HASH = re.compile(r"\b[0-9a-f]{64}\b")


class TextSnapshotExtension(SingleFileSnapshotExtension):
    """A snapshot that is a text file."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


def without_hashes(template: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of ``template`` that stays the same when a job or a handler changes, but not what is made of them."""
    result: dict[str, Any] = json.loads(_HASH.sub("<hash>", json.dumps(template)))
    return result


def by_variants(types: Mapping[str, Mapping[str, str]]) -> str:
    """Which variants have which resources: each logical id with its type, below the variants that have it.

    Args:
        types: By the variant's name, the type of each resource by its logical id.

    """
    having: dict[tuple[str, str], list[str]] = defaultdict(list)
    for variant in sorted(types):
        for resource in types[variant].items():
            having[resource].append(variant)
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for (logical_id, resource_type), variants in sorted(having.items()):
        groups[tuple(variants)].append(f"  {logical_id}  {resource_type}")
    largest_first = sorted(groups, key=lambda variants: (-len(variants), variants))
    return "\n".join(
        f"{_heading(variants, types)}\n" + "\n".join(groups[variants]) + "\n" for variants in largest_first
    )


def _heading(variants: Collection[str], every: Collection[str]) -> str:
    """The variants' names, or those of the others if they are fewer."""
    others = sorted(set(every) - set(variants))
    if not others:
        return "every variant"
    text = f"all but {', '.join(others)}" if len(others) < len(variants) else ", ".join(variants)
    return textwrap.fill(text, width=120, break_on_hyphens=False)
