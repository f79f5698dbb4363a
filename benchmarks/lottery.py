"""The lottery's cases: clicks of many players, in thread and in process mode, and what a player takes in state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Row, measure
from flink_apps.lottery.job import ACCEPTED_CLICKS
from local.flink.rest import Job
from local.run import LocalRun
from local.runs import new_folder
from local.services.kafka import KafkaService
from local.synth import synthesize

SCENARIO = "lottery"
PLAYERS = 100_000
#: Nobody runs out of coupons.
COUPONS = 10_000
#: How dense clicks are in event time; how fast they are taken is what is measured.
CLICKS_PER_SECOND = 30_000
BEGIN = 1_700_000_000_000
WARM_UP_SECONDS, SECONDS = 15, 20


@dataclass(frozen=True, kw_only=True)
class Case:
    """How the rules run, and how many clicks of how many players wait in the topic."""

    name: str
    parallelism: int
    mode: str
    clicks: int
    players: int = PLAYERS


CASES = (
    Case(name="thread, parallelism 1", parallelism=1, mode="thread", clicks=6_000_000),
    Case(name="thread, parallelism 2", parallelism=2, mode="thread", clicks=8_000_000),
    # Every first purchase takes its trips to the state: more players would keep the clicks waiting for minutes.
    Case(name="process, parallelism 1, few players", parallelism=1, mode="process", clicks=2_000_000, players=10_000),
)


def run(say: Callable[[str], None]) -> Iterator[Row]:
    """Measure every case, one after the other, each on fresh servers."""
    baseline: Row | None = None
    for case in CASES:
        say(case.name)
        with _started(case) as local:
            _fill(local.service(KafkaService), case.clicks, case.players)
            job = local.submit()
            result = measure(
                lambda job=job: _accepted(job),  # type: ignore[misc] # mypy cannot tell
                local.cluster.task_managers,
                warm_up_seconds=WARM_UP_SECONDS,
                seconds=SECONDS,
            )
            local.stop_job(job, drain=False)
            size = _bytes_below(local.folder / "savepoints")
        name = f"{case.name}, {size / case.players:.0f} bytes of state a player"
        row = Row(scenario=SCENARIO, case=name, parallelism=case.parallelism, measured=result, baseline=baseline)
        baseline = baseline or row
        yield row


def _accepted(job: Job) -> int:
    """The clicks that the rules have been applied to: all of them count."""
    return int(sum(job.metric_values("numRecordsOut", operator=ACCEPTED_CLICKS)))


def _bytes_below(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _fill(kafka: KafkaService, clicks: int, players: int) -> None:
    """A started lottery, players with coupons, and clicks of all of them in turn."""
    kafka.write("lottery-input-topic", [("1", b'{"type":"LotteryStartEvent","lotteryId":1}')])
    batch: list[tuple[str, bytes]] = []
    for user_id in range(players):
        batch.append(
            (str(user_id), b'{"type":"UserBuyCouponEvent","userId":%d,"purchasedCoupons":%d}' % (user_id, COUPONS))
        )
    kafka.write("user-input-topic", batch)
    for start in range(0, clicks, players):
        batch = []
        for number in range(start, start + players):
            # Neighbours in time are far apart in state.
            user_id = number * 7_919 % players
            timestamp = BEGIN + number * 1000 // CLICKS_PER_SECOND
            batch.append(
                (
                    str(user_id),
                    b'{"type":"UserClickEvent","timestamp":%d,"userId":%d,"lotteryId":1}' % (timestamp, user_id),
                )
            )
        kafka.write("user-input-topic", batch)


@contextmanager
def _started(case: Case) -> Iterator[LocalRun]:
    folder = new_folder("bench")
    context = {
        "connector": "kafka",
        "parallelism": str(case.parallelism),
        "execution-mode": case.mode,
        "partitions": "4",
    }
    keys = {f"{SCENARIO}.{key}": value for key, value in context.items()}
    with LocalRun(synthesize(SCENARIO, keys, folder / "cdk.out"), folder) as local:
        local.start()
        yield local
