"""The operators in Python: the rules, with Flink's state and timers.

``Lotteries`` sees every start and stop once, and tells every bucket of players which lotteries there are. ``Players``
has the coupons of a bucket of players, and takes one for each click that counts. So all that an event depends on is
in the state of its key, at any parallelism.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
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
#: A user event: whether it is a click, player, lottery, timestamp, purchased coupons, what is malformed, its bytes.
USER_EVENT = Types.ROW(
    [
        Types.BOOLEAN(),
        Types.LONG(),
        Types.LONG(),
        Types.LONG(),
        Types.LONG(),
        Types.STRING(),
        Types.PRIMITIVE_ARRAY(Types.BYTE()),
    ]
)
#: What a bucket is told of a lottery: its id, and its runs, pickled.
LOTTERY_RUNS = Types.ROW([Types.LONG(), Types.PICKLED_BYTE_ARRAY()])
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
            yield Row(bucket, Row(lottery_id, runs))

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


class Players(KeyedCoProcessFunction):  # type: ignore[misc] # PyFlink's own is untyped
    """Keyed by bucket: sells coupons to its players, and takes one for each click that counts."""

    def __init__(self, *, window_millis: int, player_expiry: timedelta) -> None:
        """A player is forgotten, with all coupons, ``player_expiry`` after the last purchase or click that counted."""
        self._window_millis = window_millis
        self._player_expiry = player_expiry

    def open(self, runtime_context: RuntimeContext) -> None:
        """Find the state: coupons by player, runs by lottery, held clicks by their timestamps."""
        coupons = MapStateDescriptor("coupons", Types.LONG(), Types.LONG())
        coupons.enable_time_to_live(_time_to_live(self._player_expiry))
        self._coupons = runtime_context.get_map_state(coupons)
        self._runs = runtime_context.get_map_state(MapStateDescriptor("runs", Types.LONG(), Types.PICKLED_BYTE_ARRAY()))
        self._held = runtime_context.get_map_state(MapStateDescriptor("held", Types.LONG(), Types.PICKLED_BYTE_ARRAY()))

    def process_element1(self, value: Row, ctx: KeyedCoProcessFunction.Context) -> Iterator[object]:
        """Apply a :data:`USER_EVENT`; gives an :data:`ACCEPTED_CLICK`, a rejection, or nothing."""
        is_click, user_id, lottery_id, timestamp, purchased, problem, event = value
        if problem is not None:
            yield _rejected(event, MalformedEventError(problem))
        elif is_click:
            yield from self._click(Click(lottery_id, user_id, timestamp, event), ctx)
        else:
            try:
                self._coupons.put(user_id, logic.buy(self._coupons.get(user_id) or 0, purchased))
            except RuleError as error:
                yield _rejected(event, error)
                return
            yield from self._try_held()

    def process_element2(self, value: Row, ctx: KeyedCoProcessFunction.Context) -> Iterator[object]:
        """Take :data:`LOTTERY_RUNS` over; gives the :data:`ACCEPTED_CLICK` of clicks that came before them."""
        lottery_id, runs = value
        timers = ctx.timer_service()
        for run in runs:
            if run.ends != logic.NEVER:
                timers.register_event_time_timer(run.ends - 1)
        self._keep(lottery_id, logic.not_ended(runs, timers.current_watermark()))
        yield from self._try_held()

    def on_timer(
        self,
        timestamp: int,
        ctx: KeyedCoProcessFunction.OnTimerContext,  # noqa: ARG002
    ) -> Iterator[object]:
        """Refuse the clicks that have waited in vain, and forget the runs that have ended."""
        clicks: list[Click] = self._held.get(timestamp) or []
        self._held.remove(timestamp)
        for click in clicks:
            try:
                yield self._accept(click)
            except RuleError as error:
                yield _rejected(click.event, error)
        for lottery_id, runs in list(self._runs.items()):
            self._keep(lottery_id, logic.not_ended(runs, timestamp))

    def _click(self, click: Click, ctx: KeyedCoProcessFunction.Context) -> Iterator[object]:
        watermark = ctx.timer_service().current_watermark()
        try:
            logic.refuse_late(
                click.timestamp,
                window_millis=self._window_millis,
                watermark=watermark,
                lottery_id=click.lottery_id,
            )
            yield self._accept(click)
        except RuleError as error:
            if isinstance(error, (InactiveLotteryError, NoCouponError)) and click.timestamp > watermark:
                self._held.put(click.timestamp, [*(self._held.get(click.timestamp) or []), click])
                ctx.timer_service().register_event_time_timer(click.timestamp)
            else:
                yield _rejected(click.event, error)

    def _accept(self, click: Click) -> Row:
        """Take the coupon of a click that counts."""
        run, left = logic.click(
            self._runs.get(click.lottery_id) or (),
            self._coupons.get(click.user_id) or 0,
            lottery_id=click.lottery_id,
            user_id=click.user_id,
            timestamp=click.timestamp,
        )
        if left:
            self._coupons.put(click.user_id, left)
        else:
            self._coupons.remove(click.user_id)
        return Row(click.lottery_id, click.user_id, click.timestamp, run.secret)

    def _try_held(self) -> Iterator[Row]:
        """Accept the held clicks that count by now, the earliest first."""
        if self._held.is_empty():
            return
        for timestamp, clicks in sorted(self._held.items()):
            waiting = []
            for click in clicks:
                try:
                    yield self._accept(click)
                except RuleError:
                    waiting.append(click)
            if waiting:
                self._held.put(timestamp, waiting)
            else:
                self._held.remove(timestamp)

    def _keep(self, lottery_id: int, runs: tuple[Run, ...]) -> None:
        if runs:
            self._runs.put(lottery_id, runs)
        else:
            self._runs.remove(lottery_id)
