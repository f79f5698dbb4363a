"""A function's own process, as the runtime of Lambda: ``python -P invoke.py HANDLER``, in the folder of its code.

It takes events from standard input, a JSON object a line, and answers each with a line. It knows nothing of this
project, so that the function's code finds what it would find in Lambda, and it ends with whoever started it.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import threading
import time
import traceback


def main() -> None:
    """Answer events until there are no more."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the function prints is its log
    parent = os.getppid()
    threading.Thread(target=_end_with, args=[parent], daemon=True).start()
    logging.basicConfig(stream=sys.stderr, format="[%(levelname)s] %(asctime)s %(name)s: %(message)s")
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 - the standard library's shortest way
    module, _, name = sys.argv[1].rpartition(".")
    handler = None
    for line in sys.stdin:
        try:
            handler = handler or getattr(importlib.import_module(module), name)
            answer = {"result": handler(json.loads(line), None)}
        except Exception as error:
            traceback.print_exc()
            answer = {"error": type(error).__name__, "message": str(error)}
        sys.stdout.flush()
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


if __name__ == "__main__":
    main()
