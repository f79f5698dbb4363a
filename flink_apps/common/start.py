"""How every application starts."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from flink_apps.common.properties import SettingsError

logger = logging.getLogger("flink_apps")


def start(main: Callable[[], None]) -> None:
    """Run ``main``. An invalid property ends it with one logged line, which no stack trace buries."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        main()
    except SettingsError as error:
        logger.error("%s", error)
        sys.exit(1)
