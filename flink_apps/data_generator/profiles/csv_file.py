"""A CSV file of ``second,rate`` as steps of a load profile."""

from __future__ import annotations

import itertools
import math
import re
from decimal import Decimal
from pathlib import Path

from flink_apps.data_generator.profiles import ProfileError

#: A rate as text, in records per second.
RATE = r"[0-9]{1,12}(?:\.[0-9]{1,3})?"
_ROW = re.compile(rf"\s*([0-9]{{1,9}}(?:\.[0-9]{{1,3}})?)\s*,\s*({RATE})\s*")
_HEADING = re.compile(r"\s*second\s*,\s*rate\s*")


def steps_of(name: str, folder: Path) -> dict[str, str]:
    """The file as arguments of ``steps``: each rate holds until the second of the next row.

    The rate is 0 before the second of the first row. The last row holds for as long as the one before it. Empty lines
    and a heading, ``second,rate``, are skipped.

    Raises:
        ProfileError: The file, or one of its lines, cannot be read.

    """
    try:
        lines = (folder / name).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ProfileError("name a CSV that can be read", name, f"mend it: {reason}") from None
    rows: list[tuple[int, str]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or (number == 1 and _HEADING.fullmatch(line)):
            continue
        row = _ROW.fullmatch(line)
        if row is None:
            rule = f"have a second and a rate, both 0 and more, in line {number} of {name}"
            raise ProfileError(rule, line, "write for example 60,500")
        millis = int(Decimal(row[1]) * 1000)
        if rows and millis <= rows[-1][0]:
            rule = f"have a later second in line {number} of {name} than in the row before"
            raise ProfileError(rule, line, "sort the rows, and give each second once")
        rows.append((millis, row[2]))
    if len(rows) < 2:
        raise ProfileError(f"have two rows or more in {name}", len(rows), "the last holds as long as the one before it")
    if rows[0][0] > 0:
        rows.insert(0, (0, "0"))
    (before, _), (last, _) = rows[-2:]
    ends = [*(millis for millis, _ in rows[1:]), 2 * last - before]
    lengths = [end - millis for (millis, _), end in zip(rows, ends, strict=True)]
    every = math.gcd(*lengths)
    runs = itertools.groupby(zip(rows, lengths, strict=True), key=lambda row: row[0][1])
    counts = [(rate, sum(length for _, length in run) // every) for rate, run in runs]
    rates = "/".join(rate if count == 1 else f"{rate}*{count}" for rate, count in counts)
    return {"rates": rates, "every": f"{every // 1000}s" if every % 1000 == 0 else f"{every}ms"}
