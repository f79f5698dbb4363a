"""A job's command line, for a person who starts it without the service: ``--Key value`` and ``--WebUI``."""

from __future__ import annotations

import logging
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flink_apps.common.options import Option
from flink_apps.common.properties import PropertyGroups, SettingsError, nearest, read_property_groups

logger = logging.getLogger("flink_apps")

WEB_UI = "WebUI"
#: The port that Flink's web interface has by custom; the next free one is taken.
FIRST_PORT = 8081
#: Where a bundle has the connectors, beside the script.
CONNECTORS = Path("lib", "connectors.jar")


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """What the command line says: values of an application's own keys, and whether it runs right here."""

    group: str
    values: Mapping[str, str]
    web_ui: bool

    @classmethod
    def parse(cls, arguments: Sequence[str], options: Sequence[Option[Any]]) -> Arguments:
        """Read the arguments, or raise :class:`SettingsError`; the properties are of one group."""
        known = {option.key for option in options}
        values: dict[str, str] = {}
        rest = list(arguments)
        while rest:
            key = rest.pop(0).removeprefix("--")
            if key == WEB_UI:
                values[key] = "true"
            elif key not in known:
                raise SettingsError("an argument", "be a known key after --", key, nearest(key, [*known, WEB_UI]))
            elif not rest:
                raise SettingsError(f"--{key}", "be followed by its value", None, f"write --{key} VALUE")
            else:
                values[key] = rest.pop(0)
        web_ui = values.pop(WEB_UI, None) is not None
        return cls(group=options[0].group, values=values, web_ui=web_ui)

    def property_groups(self) -> PropertyGroups:
        """The property groups with these values over theirs; there need be no others."""
        groups = read_property_groups(needed=not self.values)
        return {**groups, self.group: {**groups.get(self.group, {}), **self.values}}

    def options(self) -> dict[str, str]:
        """Flink's options: none for a job that is submitted, or a cluster in this process with its interface."""
        if not self.web_ui:
            return {}
        port = str(_free_port())
        logger.info("web interface: http://localhost:%s (Ctrl-C ends the job)", port)
        return {
            "pipeline.jars": (Path(sys.argv[0]).resolve().parent / CONNECTORS).as_uri(),
            "rest.port": port,
            "rest.bind-port": port,
            "rest.flamegraph.enabled": "true",
        }


def _free_port() -> int:
    for port in range(FIRST_PORT, FIRST_PORT + 100):
        with socket.socket() as probe:
            if probe.connect_ex(("localhost", port)) != 0:
                return port
    raise SettingsError("a port", f"be free from {FIRST_PORT} on", None, "end what listens there")
