"""Changes of the lottery, which keeps state of every kind: what a savepoint of the unchanged job says to each."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from flink_apps.lottery import schema
from flink_apps.lottery.settings import Settings
from local import upgrade
from local.flink.savepoints import Origin
from local.run import LocalRun
from local.services.kinesis import KinesisService
from local.synth import synthesize
from local.upgrade import Fate, Verdict
from tests.local.changes import Change, check, verdicts
from tests.local.failures import wait_for

pytestmark = pytest.mark.integration

_FUNCTIONS, _JOB = "flink_apps/lottery/functions.py", "flink_apps/lottery/job.py"
_QUERIES = "flink_apps/lottery/queries.py"
_COUPONS = 'MapStateDescriptor("coupons", Types.LONG(), Types.LONG())'
MOST_TASKS = 4
CHANGES = {
    "nothing": Change(),
    "a longer window": Change(properties={"LotteryProperties": {"window.seconds": "20"}}),
    "another position to start at": Change(properties={"ConsumerConfigProperties": {"source.init.position": "LATEST"}}),
    "more tasks": Change(parallelism=2),
    "many tasks": Change(parallelism=MOST_TASKS),
    "a function with another name": Change(
        afresh=True,
        edits=((_FUNCTIONS, "class Players(", "class Gamblers("), (_JOB, "functions.Players(", "functions.Gamblers(")),
    ),
    "another id": Change(
        afresh=True,
        edits=((_FUNCTIONS, '= "lotteries", "players"', '= "lotteries", "gamblers"'),),
        fates={"players": Fate.DROPPED, "gamblers": Fate.STARTS_EMPTY},
    ),
    "another type": Change(
        afresh=True,
        edits=((_FUNCTIONS, _COUPONS, 'MapStateDescriptor("coupons", Types.LONG(), Types.STRING())'),),
        fates={"players": Fate.UNREADABLE},
        cause="",
    ),
    "another key": Change(
        afresh=True,
        edits=(
            (_JOB, "keyed_rows(user_events, Types.INT())", "keyed_rows(user_events, Types.LONG())"),
            (_JOB, "keyed_rows(lotteries, Types.INT())", "keyed_rows(lotteries, Types.LONG())"),
        ),
        fates={"players": Fate.UNREADABLE},
        cause="",
    ),
    "fewer groups of keys": Change(
        edits=((_JOB, '"python.execution-mode"', '"pipeline.max-parallelism": "64", "python.execution-mode"'),),
        cause="Max parallelism mismatch",
    ),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Verdict | str]]:
    """The verdict of each change."""
    folder = tmp_path_factory.mktemp("run")
    context = {"lottery.parallelism": "1"}
    with LocalRun(synthesize("lottery", context, folder / "cdk.out"), folder) as run:
        upgrade.prepare(run)
        run.cluster.gather(MOST_TASKS)
        run.start()
        streams = Settings.from_property_groups(run.property_groups()).streams
        kinesis = run.service(KinesisService)
        now = int(time.time() * 1000)
        kinesis.write(streams.lottery_input.name, [("1", b'{"type": "%s", "lotteryId": 1}' % schema.START.encode())])
        job = run.submit()
        bought = b'{"type": "%s", "userId": 7, "purchasedCoupons": 3}' % schema.BUY.encode()
        click = b'{"type": "%s", "userId": 7, "lotteryId": 1, "timestamp": %d}' % (schema.CLICK.encode(), now)
        kinesis.write(streams.user_input.name, [("7", bought), ("7", click)])
        wait_for("the events", lambda: job.running_seconds() > 0 and job.records_emitted() >= 3)
        run.stop_job(job, drain=False)
        run.keep_savepoint(folder / "kept", Origin(scenario="lottery", context=context))
        yield verdicts(run, folder / "kept", CHANGES)


@pytest.mark.parametrize("name", CHANGES)
def test_the_verdict_of_a_change_is_right(found: dict[str, Verdict | str], name: str) -> None:
    check(CHANGES[name], found[name])
