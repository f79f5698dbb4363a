"""The operators in Python: the rules, with Flink's state and timers.

``Lotteries`` sees every start and stop once, and tells every bucket of players which lotteries there are. ``Players``
has the coupons of a bucket of players, and takes one for each click that counts. So all that an event depends on is
in the state of its key, at any parallelism.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import NamedTuple

from pyflink.common import Row, Time, Types
from pyflink.datastream import KeyedCoProcessFunction, KeyedProcessFunction, OutputTag, RuntimeContext
from pyflink.datastream.state import MapStateDescriptor, StateTtlConfig, ValueStateDescriptor

from flink_apps.lottery import logic, schema
from flink_apps.lottery.logic import InactiveLotteryError, MalformedEventError, NoCouponError, RuleError, Run

#: A lottery event: type, lottery, timestamp, prizes, arrival in milliseconds, what is malformed, the event's bytes.
LOTTERY_EVENT = Types.ROW(
    [
        Types.STRING(),
        Types.LONG(),
        Types.LONG(),
        Types.LONG(),
        Types.LONG(),
        Types.STRING(),
        Types.PRIMITIVE_ARRAY(Types.BYTE()),
    ]
)
#: A user event: bucket, player, lottery, timestamp, purchased coupons (none for a click), what is malformed, its bytes.
USER_EVENT = Types.ROW(
    [
        Types.INT(),
        Types.LONG(),
        Types.LONG(),
        Types.LONG(),
        Types.LONG(),
        Types.STRING(),
        Types.PRIMITIVE_ARRAY(Types.BYTE()),
    ]
)
#: What a bucket is told of a lottery: the bucket, the lottery, and its runs, pickled.
LOTTERY_RUNS = Types.ROW([Types.INT(), Types.LONG(), Types.PICKLED_BYTE_ARRAY()])
#: A click that counts: lottery, player, timestamp, and the secret of the lottery's run.
ACCEPTED_CLICK = Types.ROW_NAMED(
    ["lotteryId", "userId", "timestamp", "secret"], [Types.LONG(), Types.LONG(), Types.LONG(), Types.STRING()]
)
#: An event that was refused: its bytes, the reason, the message.
REJECTED_EVENT = Types.ROW_NAMED(
    ["raw", "reason", "message"], [Types.PRIMITIVE_ARRAY(Types.BYTE()), Types.STRING(), Types.STRING()]
)
#: The operators' names.
LOTTERIES_OPERATOR, PLAYERS_OPERATOR = "lotteries", "players"
REJECTED = OutputTag("rejected", REJECTED_EVENT)


def _rejected(event: bytes, error: RuleError) -> tuple[OutputTag, Row]:
    return REJECTED, Row(event, error.reason, str(error))


def _time_to_live(expiry: timedelta) -> StateTtlConfig:
    """Expired state is never seen again, and taken out in the background.

    PyFlink's default for the latter fails in thread mode: it asks for a Java gateway, which TaskManagers do not have.
    So the same two strategies are named here; their period is what asks, and not handed on to the JVM anyway.
    """
    return (
        StateTtlConfig.new_builder(Time.milliseconds(expiry // timedelta(milliseconds=1)))
        .disable_cleanup_in_background()
        .cleanup_incrementally(5, run_cleanup_for_every_record=False)
        .cleanup_in_rocksdb_compact_filter(1000, periodic_compaction_time=Time.days(30))
        .build()
    )


class Lotteries(KeyedProcessFunction):  # type: ignore[misc] # PyFlink's own is untyped
    """Keyed by lottery: starts and stops it, ends it in event time, and tells all buckets."""

    def __init__(self, *, buckets: int, window_millis: int, prizes: int) -> None:
        """``prizes`` is how many windows a lottery lasts whose start does not say; 0 is for ever."""
        self._buckets = buckets
        self._window_millis = window_millis
        self._prizes = prizes

    def open(self, runtime_context: RuntimeContext) -> None:
        """Find the state."""
        self._runs = runtime_context.get_state(ValueStateDescriptor("runs", Types.PICKLED_BYTE_ARRAY()))

    def process_element(self, value: Row, ctx: KeyedProcessFunction.Context) -> Iterator[object]:
        """Apply a :data:`LOTTERY_EVENT`; gives rows of a bucket and :data:`LOTTERY_RUNS`, or a rejection."""
        kind, lottery_id, timestamp, prizes, arrival, problem, event = value
        before: tuple[Run, ...] = self._runs.value() or ()
        try:
            if problem is not None:
                raise MalformedEventError(problem)
            if kind == schema.START:
                runs = logic.start(
                    before,
                    lottery_id,
                    timestamp=timestamp,
                    ends=logic.prizes_end(
                        arrival if timestamp is None else timestamp,
                        prizes=self._prizes if prizes is None else prizes,
                        window_millis=self._window_millis,
                    ),
                    secret=secrets.token_hex(16),
                )
            else:
                runs = logic.stop(before, lottery_id, timestamp=timestamp)
        except RuleError as error:
            yield _rejected(event, error)
            return
        timers = ctx.timer_service()
        runs = logic.not_ended(runs, timers.current_watermark())
        for run in runs:
            if run.ends != logic.NEVER:
                timers.register_event_time_timer(run.ends - 1)
        self._keep(runs)
        for bucket in range(self._buckets):
            yield Row(bucket, Row(bucket, lottery_id, runs))

    def on_timer(self, timestamp: int, ctx: KeyedProcessFunction.OnTimerContext) -> None:  # noqa: ARG002
        """Forget the runs that have ended; the buckets have timers of their own."""
        self._keep(logic.not_ended(self._runs.value() or (), timestamp))

    def _keep(self, runs: tuple[Run, ...]) -> None:
        if runs:
            self._runs.update(runs)
        else:
            self._runs.clear()


class Click(NamedTuple):
    """A click, and the bytes of its event."""

    lottery_id: int
    user_id: int
    timestamp: int
    event: bytes


class Coupons:
    """The coupons of players, in keyed state that expires.

    What has been written lately is remembered: a look into RocksDB costs more than all the rest of the rules. A player
    is in one bucket, and a bucket in one task, so nobody else can have written it meanwhile.
    """

    #: Players that are remembered at a time, at the most: about 20 MB.
    MOST_REMEMBERED = 100_000

    def __init__(self, runtime_context: RuntimeContext, expiry: timedelta, now: Callable[[], float]) -> None:
        """``now`` gives seconds."""
        descriptor = MapStateDescriptor("coupons", Types.LONG(), Types.LONG())
        descriptor.enable_time_to_live(_time_to_live(expiry))
        self._state = runtime_context.get_map_state(descriptor)
        self._expiry = expiry.total_seconds()
        self._now = now
        self._remembered: dict[int, tuple[int, float]] = {}

    def of(self, user_id: int) -> int:
        """How many the player has."""
        remembered = self._remembered.get(user_id)
        if remembered is not None and self._now() < remembered[1]:
            return remembered[0]
        return self._state.get(user_id) or 0

    def set(self, user_id: int, coupons: int) -> None:
        """Let the player have so many; of one without any nothing is kept."""
        if coupons:
            self._state.put(user_id, coupons)
        else:
            self._state.remove(user_id)
        if len(self._remembered) >= self.MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[user_id] = coupons, self._now() + self._expiry


class Players(KeyedCoProcessFunction):  # type: ignore[misc] # PyFlink's own is untyped
    """Keyed by bucket: sells coupons to its players, and takes one for each click that counts."""

    def __init__(self, *, window_millis: int, player_expiry: timedelta, now: Callable[[], float] = time.time) -> None:
        """A player is forgotten, with all coupons, ``player_expiry`` after the last purchase or click that counted."""
        self._window_millis = window_millis
        self._player_expiry = player_expiry
        self._now = now

    def open(self, runtime_context: RuntimeContext) -> None:
        """Find the state: coupons by player, runs by lottery, held clicks by their timestamps."""
        self._coupons = Coupons(runtime_context, self._player_expiry, self._now)
        self._runs = runtime_context.get_map_state(MapStateDescriptor("runs", Types.LONG(), Types.PICKLED_BYTE_ARRAY()))
        self._held = runtime_context.get_map_state(MapStateDescriptor("held", Types.LONG(), Types.PICKLED_BYTE_ARRAY()))
        #: Runs by bucket and lottery, where there are some: what the state has, too.
        self._known_runs: dict[tuple[int, int], tuple[Run, ...]] = {}

    def process_element1(self, value: Row, ctx: KeyedCoProcessFunction.Context) -> Iterable[object]:
        """Apply a :data:`USER_EVENT`; gives an :data:`ACCEPTED_CLICK`, a rejection, or nothing."""
        bucket, user_id, lottery_id, timestamp, purchased, problem, event = value
        if problem is not None:
            return (_rejected(event, MalformedEventError(problem)),)
        if purchased is None:
            return self._click(bucket, Click(lottery_id, user_id, timestamp, event), ctx)
        try:
            self._coupons.set(user_id, logic.buy(self._coupons.of(user_id), purchased))
        except RuleError as error:
            return (_rejected(event, error),)
        return self._try_held(bucket)

    def process_element2(self, value: Row, ctx: KeyedCoProcessFunction.Context) -> Iterable[object]:
        """Take :data:`LOTTERY_RUNS` over; gives the :data:`ACCEPTED_CLICK` of clicks that came before them."""
        bucket, lottery_id, runs = value
        timers = ctx.timer_service()
        for run in runs:
            if run.ends != logic.NEVER:
                timers.register_event_time_timer(run.ends - 1)
        self._keep(bucket, lottery_id, logic.not_ended(runs, timers.current_watermark()))
        return self._try_held(bucket)

    def on_timer(self, timestamp: int, ctx: KeyedCoProcessFunction.OnTimerContext) -> Iterator[object]:
        """Refuse the clicks that have waited in vain, and forget the runs that have ended."""
        bucket = ctx.get_current_key()
        clicks: list[Click] = self._held.get(timestamp) or []
        self._held.remove(timestamp)
        for click in clicks:
            try:
                yield self._accept(bucket, click)
            except RuleError as error:
                yield _rejected(click.event, error)
        for lottery_id, runs in list(self._runs.items()):
            self._keep(bucket, lottery_id, logic.not_ended(runs, timestamp))

    def _click(self, bucket: int, click: Click, ctx: KeyedCoProcessFunction.Context) -> Iterable[object]:
        watermark = ctx.timer_service().current_watermark()
        try:
            logic.refuse_late(
                click.timestamp,
                window_millis=self._window_millis,
                watermark=watermark,
                lottery_id=click.lottery_id,
            )
            return (self._accept(bucket, click),)
        except RuleError as error:
            if isinstance(error, (InactiveLotteryError, NoCouponError)) and click.timestamp > watermark:
                self._held.put(click.timestamp, [*(self._held.get(click.timestamp) or []), click])
                ctx.timer_service().register_event_time_timer(click.timestamp)
                return ()
            return (_rejected(click.event, error),)

    def _accept(self, bucket: int, click: Click) -> Row:
        """Take the coupon of a click that counts."""
        run, left = logic.click(
            self._runs_of(bucket, click.lottery_id),
            self._coupons.of(click.user_id),
            lottery_id=click.lottery_id,
            user_id=click.user_id,
            timestamp=click.timestamp,
        )
        self._coupons.set(click.user_id, left)
        return Row(click.lottery_id, click.user_id, click.timestamp, run.secret)

    def _try_held(self, bucket: int) -> Iterable[Row]:
        """Accept the held clicks that count by now, the earliest first."""
        accepted: list[Row] = []
        if self._held.is_empty():
            return accepted
        for timestamp, clicks in sorted(self._held.items()):
            waiting = []
            for click in clicks:
                try:
                    accepted.append(self._accept(bucket, click))
                except RuleError:
                    waiting.append(click)
            if waiting:
                self._held.put(timestamp, waiting)
            else:
                self._held.remove(timestamp)
        return accepted

    def _runs_of(self, bucket: int, lottery_id: int) -> tuple[Run, ...]:
        runs = self._known_runs.get((bucket, lottery_id))
        if runs is None:
            runs = self._runs.get(lottery_id) or ()
            if runs:
                self._known_runs[bucket, lottery_id] = runs
        return runs

    def _keep(self, bucket: int, lottery_id: int, runs: tuple[Run, ...]) -> None:
        if runs:
            self._runs.put(lottery_id, runs)
            self._known_runs[bucket, lottery_id] = runs
        else:
            self._runs.remove(lottery_id)
            self._known_runs.pop((bucket, lottery_id), None)
