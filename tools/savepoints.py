"""The savepoints that the repository keeps of a release, of every scenario: ``python -m tools.savepoints 0.1.0``.

Every later version has to restore them. Each is small; beside it stand the context and the records of its job.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import scenarios
from flink_apps.lottery.settings import Settings as LotterySettings
from local.errors import RunError
from local.exit_status import exit_status
from local.flink.savepoints import Origin
from local.run import LocalRun
from local.scenarios import scenario_type
from local.scenarios.lottery.events import buy, click, start
from local.services.kinesis import KinesisService
from local.synth import synthesize
from local.terminal import console
from local.upgrade import RELEASES
from stacks.project import SHIPPED_RIDES, SHIPPED_TRIPS

#: What the job had read, in the folder of the savepoint: a line for each record.
RECORDS = "records.jsonl"
#: How much a job has made that reads nothing.
_MADE = 100
_SECONDS = 120


class Record(NamedTuple):
    """A record of one of the job's streams."""

    stream: str
    key: str
    value: bytes


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What a scenario's savepoint is of."""

    #: Without the name of the scenario.
    context: Mapping[str, str]
    #: What the job reads; none if it makes its own.
    records: Callable[[LocalRun], Iterable[Record]] = lambda _: ()


def _trips(folder: Path, count: int) -> Callable[[LocalRun], Iterable[Record]]:
    def records(run: LocalRun) -> Iterable[Record]:
        stream = next(name for name in run.service(KinesisService).stream_names() if "Dead" not in name)
        lines = gzip.decompress(min(folder.glob("*.json.gz")).read_bytes()).splitlines()
        for line in itertools.islice(lines, count):
            yield Record(stream, str(json.loads(line)["trip_id"]), line)

    return records


#: A window of the lottery, in milliseconds since 1970, and who has coupons in it.
WINDOW_START, PLAYERS, COUPONS = 1_600_000_000_000, range(1_000_000, 1_000_010), 3


def _events(run: LocalRun) -> Iterable[Record]:
    """Players who have coupons left, and a click each in a window that is still open."""
    streams = LotterySettings.from_property_groups(run.property_groups()).streams
    clicks = [click(player, 1, WINDOW_START + number) for number, player in enumerate(PLAYERS)]
    for event in (start(1, WINDOW_START), *(buy(player, COUPONS) for player in PLAYERS), *clicks):
        stream = streams.lottery_input if event.of_lottery else streams.user_input
        yield Record(stream.name, event.key, event.value)


KEPT = {
    "data-generator": Kept(context={"sinks": "kinesis,kafka"}),
    "prometheus-metrics": Kept(context={}),
    "streaming-etl": Kept(
        context={"source": "kinesis", "sinks": "kinesis,kafka,s3", "replay": "false"},
        records=_trips(SHIPPED_TRIPS, 200),
    ),
    "lottery": Kept(context={"window-seconds": "2"}, records=_events),
    "taxi-analytics": Kept(context={"producer": "none"}, records=_trips(SHIPPED_RIDES, 300)),
}


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tools.savepoints", description=__doc__)
    parser.add_argument("release", help="the name of the release, such as 0.1.0")
    parser.add_argument("scenario", nargs="*", choices=[*scenarios.NAMES, []], help="by default all")
    given = parser.parse_args()
    with exit_status():
        for name in given.scenario or scenarios.NAMES:
            target = RELEASES / given.release / name
            write(name, target)
            size = sum(file.stat().st_size for file in target.iterdir())
            console.print(f"{name}: {target.relative_to(RELEASES.parent)}, {size / 1000:,.0f} kB", soft_wrap=True)


def write(name: str, target: Path) -> None:
    """Run a scenario's job on a few records, and keep the savepoint that it is stopped with.

    Raises:
        RunError: where the job does not process the records, or the target is there already.

    """
    if target.exists():
        raise RunError(f"{target} must be new; remove it first")
    kept = KEPT[name]
    context = {f"{name}.{key}": value for key, value in kept.context.items()}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with LocalRun(synthesize(name, context, folder / "cdk.out"), folder) as run:
            run.start()
            records = list(kept.records(run))
            for record in records:  # one by one: they stay in this order
                run.service(KinesisService).write(record.stream, [(record.key, record.value)])
            job = run.submit()
            scenario = scenario_type(name)(run)
            deadline = time.monotonic() + _SECONDS
            while scenario.records_so_far(job) < (len(records) or _MADE) or job.running_seconds() == 0:
                if time.monotonic() > deadline:
                    raise RunError(f"the job of {name} must process its records within {_SECONDS} s")
                time.sleep(0.2)
            job.checkpoint()  # so that no transaction is pending, which no other server would know
            run.stop_job(job, drain=False)
            target.parent.mkdir(parents=True, exist_ok=True)
            run.keep_savepoint(target, Origin(scenario=name, context=context))
    lines = (json.dumps({**record._asdict(), "value": record.value.decode()}) for record in records)
    (target / RECORDS).write_text("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    main()
