"""A job's command line, ``--Key value`` and ``--WebUI``, for starting it by hand, without the service."""

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
#: The default port of Flink's web interface; the first free port from here on is used.
FIRST_PORT = 8081
#: Path of the connectors' jar in a bundle, relative to the script.
CONNECTORS = Path("lib", "connectors.jar")


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """A parsed command line: values of the application's own keys, and whether the job runs in this process."""

    group: str
    values: Mapping[str, str]
    web_ui: bool

    @classmethod
    def parse(cls, arguments: Sequence[str], options: Sequence[Option[Any]]) -> Arguments:
        """Read the arguments; all ``options`` belong to one group.

        Raises:
            SettingsError: An argument is unknown, or has no value.

        """
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
        """The property groups, overridden by these values; without a file of groups, these values alone."""
        groups = read_property_groups(needed=not self.values)
        return {**groups, self.group: {**groups.get(self.group, {}), **self.values}}

    def options(self) -> dict[str, str]:
        """Flink's options: those of a cluster in this process with a web interface, or none for a submitted job."""
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
