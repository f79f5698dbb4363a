"""How a command ends: one line for whatever goes wrong, and a status."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from flink_constructs.connector_jar import BuildError
from local.errors import RunError, UsageError
from local.terminal import errors
from stacks.project import no_permission


@contextmanager
def exit_status() -> Iterator[None]:
    """End with 2 for wrong use, 1 for a failure, 130 for Ctrl-C; other signals end the command by an exception, too."""

    def terminate(number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, terminate)
    try:
        yield
    except UsageError as error:
        _end(error, 2)
    except (RunError, BuildError) as error:
        _end(error, 1)
    except OSError as error:
        if (refusal := no_permission(error)) is None:
            raise
        _end(refusal, 1)
    except KeyboardInterrupt:
        errors.print("interrupted; everything that was started has been stopped")
        sys.exit(130)


def _end(error: Exception | str, status: int) -> NoReturn:
    errors.print(f"error: {error}", markup=False)
    sys.exit(status)
