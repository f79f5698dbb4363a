"""The lottery's cases: clicks of many players, in thread and in process mode, and what a player takes in state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Measurement, Row, measure, renew_cluster, started, submit
from flink_apps.lottery.job import ACCEPTED_CLICKS, USER_EVENTS
from local.flink.rest import Job
from local.run import LocalRun
from local.services.kafka import KafkaService

SCENARIO = "lottery"
PLAYERS = 100_000
#: Nobody runs out of coupons.
COUPONS = 10_000
#: How dense clicks are in event time; how fast they are taken is what is measured.
CLICKS_PER_SECOND = 30_000
BEGIN = 1_700_000_000_000


@dataclass(frozen=True, kw_only=True)
class Case:
    """How the rules run, and how many clicks of how many players wait in the topic."""

    name: str
    parallelism: int
    mode: str
    clicks: int
    players: int = PLAYERS


CASE = Case(name="thread, parallelism 1", parallelism=1, mode="thread", clicks=5_000_000)
LONG_CASES = (
    Case(name="thread, parallelism 2", parallelism=2, mode="thread", clicks=8_000_000),
    # Every first purchase takes its trips to the state: more players would keep the clicks waiting for minutes.
    Case(name="process, parallelism 1, few players", parallelism=1, mode="process", clicks=2_000_000, players=10_000),
)
LIMIT = "read, check and drop"


def run(say: Callable[[str], None], *, long: bool = False) -> Iterator[Row]:
    """Measure every case; ``long`` adds two parallel tasks, and process mode."""
    with _started(CASE) as local:
        say("filling the topics")
        _fill(local.service(KafkaService), CASE.clicks, CASE.players)
        say(LIMIT)
        job = submit(local, "lottery_read_and_drop.py")
        measured = measure(lambda: _read(job), local.cluster.task_managers)
        renew_cluster(local)
        limit = Row(scenario=SCENARIO, case=LIMIT, measured=measured)
        yield limit
        yield _row(local, CASE, limit, say)
    for case in LONG_CASES if long else ():
        with _started(case) as local:
            _fill(local.service(KafkaService), case.clicks, case.players)
            yield _row(local, case, limit, say)


def _row(local: LocalRun, case: Case, limit: Row, say: Callable[[str], None]) -> Row:
    say(case.name)
    job = submit(local)
    measured: Measurement = measure(lambda: _accepted(job), local.cluster.task_managers)
    local.stop_job(job, drain=False)
    size = _bytes_below(local.folder / "savepoints")
    name = f"{case.name}, {size / case.players:.0f} bytes of state a player"
    return Row(scenario=SCENARIO, case=name, parallelism=case.parallelism, measured=measured, baseline=limit)


def _read(job: Job) -> int:
    """The events that the source of the players' events has handed on."""
    return int(sum(job.metric_values("numRecordsOut", operator=f"Source__{USER_EVENTS}")))


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


def _started(case: Case) -> AbstractContextManager[LocalRun]:
    keys = {"connector": "kafka", "parallelism": case.parallelism, "execution-mode": case.mode, "partitions": 4}
    return started(SCENARIO, keys)
