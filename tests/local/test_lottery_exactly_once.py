"""The lottery for real: each window has its winner, each coupon is taken once, whatever is killed or changed."""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from flink_apps.lottery import logic, schema
from flink_apps.lottery.settings import GRACE, GROUP, TRANSACTIONAL_ID_PREFIX, Settings
from flink_apps.lottery.settings import WINDOW as WINDOW_OPTION
from local.flink.rest import Job
from local.run import LocalRun
from local.scenarios.lottery.scenario import Lottery as LotteryScenario
from local.services.kafka import KafkaService
from local.services.kinesis import KinesisService
from local.synth import synthesize
from tests.local.balance import check_the_balance
from tests.local.changes import Change
from tests.local.failures import kill_a_task_manager, wait_for
from tests.local.rounds import rounds
from tests.local.steady import at_a_steady_rate

pytestmark = pytest.mark.integration

WINDOW = 2_000
PLAYERS, COUPONS = 200, 15
#: More than all coupons: what a player clicks without one is refused.
CLICKS = 4_500
CLICKS_PER_SECOND = 300
#: Slow enough for players to click while the application is changed, again and again.
SLOW_CLICKS_PER_SECOND = 50
PARTITIONS, PARTITIONS_LATER = 3, 6
IDLE_SECONDS = 8
#: Of Kafka's client: the partition that the key determines.
ANY = -1
#: Has a coupon, and clicks once its window has been drawn.
LATE_PLAYER = PLAYERS
#: Behind the last accepted click of each shard: enough for each to have some.
ENDS = 50
#: Players whose events are in partitions of their own.
CLICKER, BUYER = PLAYERS + 1, PLAYERS + 2
#: By the clock of a producer that is a day ahead.
IN_A_DAY = int(time.time() + 86_400) * 1000
#: Windows of this many milliseconds are aligned to it.
BEGIN = 1_700_000_000_000


Event = tuple[str, bytes]


def event(key: int, **fields: object) -> Event:
    return str(key), json.dumps(fields).encode()


def click(user_id: int, timestamp: int, lottery_id: int = 1) -> Event:
    return event(user_id, type=schema.CLICK, userId=user_id, lotteryId=lottery_id, timestamp=timestamp)


def buy(user_id: int, coupons: int) -> Event:
    return event(user_id, type=schema.BUY, userId=user_id, purchasedCoupons=coupons)


def start(lottery_id: int, **fields: int) -> Event:
    return event(lottery_id, type=schema.START, lotteryId=lottery_id, **fields)


def clicks(*, per_second: int) -> list[Event]:
    """Players in turn, a click every few milliseconds."""
    return [click(number % PLAYERS, BEGIN + number * 1000 // per_second) for number in range(CLICKS)]


@dataclass
class Lottery:
    """A run with the job's two inputs and two outputs, whatever the connector is."""

    run: LocalRun
    settings: Settings = field(init=False)

    def __post_init__(self) -> None:
        self.settings = Settings.from_property_groups(self.run.property_groups())
        self._service: KafkaService | KinesisService = next(
            service for service in self.run.services if isinstance(service, KafkaService | KinesisService)
        )

    def put_lottery_events(self, *events: Event) -> None:
        self._service.write(self.settings.streams.lottery_input.name, events)

    def put_user_events(self, events: Sequence[Event]) -> None:
        self._service.write(self.settings.streams.user_input.name, events)

    def put_as_a_producer(self, *events: Event, partition: int = ANY, clock: int = 0) -> None:
        """Write user events into a partition, each with the time of its producer's clock, as by Kafka's default."""
        for key, value in events:
            self._producer.produce(
                self.settings.streams.user_input.name, value, key, partition=partition, timestamp=clock
            )
        assert self._producer.flush(30) == 0

    @cached_property
    def _producer(self) -> Producer:
        return Producer({"bootstrap.servers": self.run.service(KafkaService).address})

    def winners(self) -> list[dict[str, Any]]:
        return [json.loads(value) for value in self._service.values(self.settings.streams.winners.name)]

    def rejected(self) -> list[dict[str, Any]]:
        return [json.loads(value) for value in self._service.values(self.settings.streams.rejected.name)]


@pytest.fixture
def started(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Lottery, Job]]:
    keys = {
        "window-seconds": str(WINDOW // 1000),
        "grace-millis": "1000",
        "idle-seconds": str(IDLE_SECONDS),
        "checkpoint-seconds": "1",
        "partitions": str(PARTITIONS),
        "shards": "3",
        **request.param,
    }
    context = {f"lottery.{key}": value for key, value in keys.items()}
    with LocalRun(synthesize("lottery", context, tmp_path / "cdk.out"), tmp_path) as run:
        # Room for more tasks; a KPU of the service has one, as they share Python's lock.
        run.cluster.spec = replace(run.cluster.spec, parallelism_per_kpu=2)
        run.start()
        job = run.submit()
        wait_for("the start", lambda: job.running_seconds() > 0)
        yield Lottery(run), job


def windows(accepted: Counter[tuple[int, int]]) -> dict[int, list[tuple[int, int]]]:
    """Accepted clicks, each a player and a timestamp, by the starts of their windows."""
    result = defaultdict(list)
    for user_id, timestamp in accepted.elements():
        result[logic.window_start(timestamp, WINDOW)].append((user_id, timestamp))
    return result


def check_the_draws(winners: list[dict[str, Any]], accepted: Counter[tuple[int, int]]) -> None:
    """Each window with a click has one winner, whom everybody can draw again."""
    expected = {
        start: (start + WINDOW, len(clicks), logic.winner(winner["seed"], clicks))
        for start, clicks in windows(accepted).items()
        for winner in winners
        if winner["windowStart"] == start
    }
    assert {
        winner["windowStart"]: (winner["windowEnd"], winner["clicks"], winner["userId"]) for winner in winners
    } == expected
    assert sorted(expected) == sorted(windows(accepted))


def accepted_clicks(sent: Sequence[Event], rejected: list[dict[str, Any]]) -> Counter[tuple[int, int]]:
    """The clicks that were sent, but for those that were refused."""
    accepted = Counter(_player_and_time(value) for _, value in sent)
    accepted.subtract(Counter(_player_and_time(refusal["event"]) for refusal in rejected))
    assert min(accepted.values()) >= 0, "no click is refused more often than it was sent"
    return accepted


def _player_and_time(value: str | bytes) -> tuple[int, int]:
    fields = json.loads(value)
    return fields["userId"], fields["timestamp"]


@pytest.mark.parametrize("started", [{"connector": "kafka", "parallelism": "2", "grace-millis": "3000"}], indirect=True)
def test_with_kafka_each_window_has_one_winner_and_each_coupon_is_taken_once(started: tuple[Lottery, Job]) -> None:
    """Also while the application is changed three times, and goes on once more without a change."""
    lottery, job = started
    sent = clicks(per_second=SLOW_CLICKS_PER_SECOND)
    lottery.put_lottery_events(start(1), start(2, timestamp=BEGIN * 1000))
    # A partition with purchases only has no time of its own, and is not idle: the others wait for its clicks.
    ahead = [click(CLICKER, BEGIN - 50_000 + n) for n in range(IDLE_SECONDS + 3)]
    behind = click(BUYER, BEGIN - 100_000)
    # A busy machine's first transactions can stop a reader for longer than a partition may be silent.
    lottery.put_as_a_producer(buy(BUYER, 1), partition=0)
    job.checkpoint()
    for one in ahead:
        lottery.put_as_a_producer(buy(BUYER, 1), partition=0)
        lottery.put_as_a_producer(buy(CLICKER, 1), one, partition=1)
        time.sleep(1)
    lottery.put_as_a_producer(behind, partition=0)
    lottery.put_user_events([buy(player, COUPONS) for player in range(PLAYERS)])
    lottery.put_user_events([buy(LATE_PLAYER, 1)])
    lottery.put_as_a_producer(click(0, IN_A_DAY), clock=IN_A_DAY)
    feed = at_a_steady_rate(lottery.put_user_events, sent, per_second=SLOW_CLICKS_PER_SECOND)
    wait_for("the first winners", lambda: bool(lottery.winners()))
    with rounds(lottery.run) as application:
        job = application.go_on(job, Change(properties={GROUP: {TRANSACTIONAL_ID_PREFIX.key: "another-lottery"}}))
        # From here on some players' clicks are in partitions that the job does not know yet.
        lottery.run.service(KafkaService).set_partitions(lottery.settings.streams.user_input.name, PARTITIONS_LATER)
        assert feed.is_alive(), "players still click"
        kill_a_task_manager(lottery.run, job)
        job = application.go_on(job, Change(parallelism=3))
        job = application.go_on(job, Change(properties={GROUP: {GRACE.key: "3500"}}))
        feed.hurry()
        # Once more unchanged, and in silence: the last windows are drawn without any click that would move time.
        # A click is there before the job is: no watermark tells it that this window has been drawn.
        late = click(LATE_PLAYER, BEGIN)
        job = application.go_on(job, meanwhile=lambda: lottery.put_user_events([late]))
        sent += [*ahead, behind, late]
        wait_for("the late refusal", lambda: any(refusal["reason"] == "late" for refusal in lottery.rejected()))
        last = last_window(sent[: PLAYERS * COUPONS])
        wait_for("the last draw", lambda: any(winner["windowStart"] == last for winner in lottery.winners()))
        refusals = {"no-coupon": CLICKS - PLAYERS * COUPONS, "late": 1, "malformed": 2}
        wait_for("the last refusal", lambda: len(lottery.rejected()) >= sum(refusals.values()))
        lottery.run.stop_job(job)
        check_the_balance(LotteryScenario(lottery.run), job)

    kafka, topic = lottery.run.service(KafkaService), lottery.settings.streams.user_input.name
    assert {message.partition() for message in kafka.records(topic)} == set(range(PARTITIONS_LATER))
    winners, rejected = lottery.winners(), lottery.rejected()
    assert [refusal["event"] for refusal in rejected if refusal["reason"] == "late"] == [late[1].decode()]
    assert Counter(refusal["reason"] for refusal in rejected) == refusals
    assert {refusal["message"] for refusal in rejected if refusal["reason"] == "malformed"} == {
        "timestamp must not be more than 60000 ms ahead of the arrival",
        "timestamp must not be more than 366 days ahead of the arrival",
    }
    accepted = accepted_clicks(sent, [refusal for refusal in rejected if refusal["reason"] != "malformed"])
    taken = Counter(user_id for user_id, _ in accepted.elements())
    expected = {**dict.fromkeys(range(PLAYERS), COUPONS), CLICKER: len(ahead), BUYER: 1}
    assert taken == expected, "every coupon was taken by one click"
    assert len(winners) == len({winner["windowStart"] for winner in winners}), "a window has one winner"
    check_the_draws(winners, accepted)


@pytest.mark.parametrize("started", [{"connector": "kinesis", "parallelism": "2", "idle-seconds": "60"}], indirect=True)
def test_with_kinesis_each_window_has_a_winner_and_each_coupon_is_taken_once(started: tuple[Lottery, Job]) -> None:
    """Also while windows get another length: the open one keeps its own."""
    lottery, job = started
    sent = clicks(per_second=CLICKS_PER_SECOND)
    lottery.put_lottery_events(start(1))
    lottery.put_user_events([buy(player, COUPONS) for player in range(PLAYERS)])
    accepted_ones, others = sent[: PLAYERS * COUPONS], sent[PLAYERS * COUPONS :]
    feed = at_a_steady_rate(lottery.put_user_events, accepted_ones, per_second=CLICKS_PER_SECOND)
    wait_for("the first winners", lambda: bool(lottery.winners()))
    kill_a_task_manager(lottery.run, job)
    feed.join()
    lottery.put_user_events([buy(player, 0) for player in range(ENDS)])
    wait_for("the ends of all shards", lambda: len(refused_for(lottery, "too-few-coupons")) == ENDS)
    with rounds(lottery.run) as application:
        # The last window is open: the time of its end has not come, and no shard is idle.
        assert last_window(accepted_ones) not in {winner["windowStart"] for winner in lottery.winners()}
        job = application.go_on(job, Change(properties={GROUP: {WINDOW_OPTION.key: "3"}}))
        lottery.put_user_events(others)
        scenario = LotteryScenario(lottery.run)
        wait_for("the other clicks", lambda: scenario.records_so_far(job) >= len(others))
        lottery.run.stop_job(job)
    check_the_balance(LotteryScenario(lottery.run), job)

    # At least once into a stream: what was written since the last checkpoint comes again, and is the same.
    winners = list({json.dumps(winner): winner for winner in lottery.winners()}.values())
    accepted = accepted_clicks(sent, refused_for(lottery, "no-coupon"))
    assert Counter(user_id for user_id, _ in accepted.elements()) == dict.fromkeys(range(PLAYERS), COUPONS)
    assert len({refusal["reason"] for refusal in lottery.rejected()}) == 2
    # All clicks that took part did so before the windows got another length.
    check_the_draws(winners, accepted)


def refused_for(lottery: Lottery, reason: str) -> list[dict[str, Any]]:
    """The refusals for a reason, each once."""
    refusals = {refusal["event"]: refusal for refusal in lottery.rejected() if refusal["reason"] == reason}
    return list(refusals.values())


def last_window(sent: Sequence[Event]) -> int:
    """The start of the window of the last click."""
    return logic.window_start(_player_and_time(sent[-1][1])[1], WINDOW)
