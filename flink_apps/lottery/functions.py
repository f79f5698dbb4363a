"""The operators in Python: the rules, with Flink's state and timers.

``Lotteries`` sees every start and stop once, and tells every bucket of players which lotteries there are. ``Players``
has the coupons of a bucket of players, and takes one for each click that counts. So all that an event depends on is
in the state of its key, at any parallelism.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from pyflink.common import Row, Time, Types
from pyflink.datastream import KeyedCoProcessFunction, KeyedProcessFunction, OutputTag, RuntimeContext
from pyflink.datastream.state import MapStateDescriptor, StateTtlConfig, ValueStateDescriptor

from flink_apps.common.packed import Layout, pack_numbers
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
#: A user event has as numbers its kind, player, lottery, timestamp and purchased coupons; as texts what is malformed
#: and its bytes. They come packed.
USER_EVENT = Layout(numbers=5, texts=2)
#: What a bucket is told of a lottery: the bucket, the lottery, and its runs, pickled.
LOTTERY_RUNS = Types.ROW([Types.INT(), Types.LONG(), Types.PICKLED_BYTE_ARRAY()])
#: A click that counts: lottery, player, timestamp, and the secret of the lottery's run. They go packed.
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
        self._unwritten: dict[int, int] = {}

    def of(self, user_id: int) -> int:
        """How many the player has."""
        remembered = self._remembered.get(user_id)
        if remembered is not None and self._now() < remembered[1]:
            return remembered[0]
        return self._state.get(user_id) or 0

    def set(self, user_id: int, coupons: int) -> None:
        """Let the player have so many, in state once they are written."""
        if len(self._remembered) >= self.MOST_REMEMBERED:
            self.write()
            self._remembered.clear()
        self._unwritten[user_id] = coupons
        self._remembered[user_id] = coupons, self._now() + self._expiry

    def write(self) -> None:
        """Bring what has been set into state, all at once, before another key's turn; of none nothing is kept."""
        some = {user_id: coupons for user_id, coupons in self._unwritten.items() if coupons}
        if some:
            _put_all(self._state, some)
        for user_id in self._unwritten.keys() - some.keys():
            self._state.remove(user_id)
        self._unwritten.clear()


def _put_all(state: Any, values: Mapping[int, int]) -> None:  # noqa: ANN401 - a map state of either mode
    """Write all at once where that saves calls: PyFlink's process mode buffers them, and its own ``put_all`` fails."""
    if type(state).__module__ == "pyflink.fn_execution.state_impl":
        for key, value in values.items():
            state.put(key, value)
    else:
        state.put_all(values)


class Turn:
    """One call for a bucket: the event time that it has, and what it gives."""

    def __init__(self, ctx: KeyedCoProcessFunction.Context) -> None:
        """Nothing is given yet."""
        self.bucket: int = ctx.get_current_key()
        self.timers = ctx.timer_service()
        self.watermark: int = self.timers.current_watermark()
        self._accepted: dict[str, list[int]] = {}
        self._rejected: list[tuple[OutputTag, Row]] = []

    def accept(self, click: Click, run: Run) -> None:
        """Give a click that counts."""
        self._accepted.setdefault(run.secret, []).extend((click.lottery_id, click.user_id, click.timestamp))

    def reject(self, event: bytes, error: RuleError) -> None:
        """Give an event that is refused."""
        self._rejected.append(_rejected(event, error))

    def outputs(self) -> Iterator[object]:
        """Rejections, and :data:`ACCEPTED_CLICK` packed."""
        yield from self._rejected
        for secret, numbers in self._accepted.items():
            yield Row(pack_numbers(numbers), secret)


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
        """Apply packed :data:`USER_EVENT`; gives packed :data:`ACCEPTED_CLICK`, and rejections."""
        numbers, texts = value
        turn, begin = Turn(ctx), 0
        for kind, user_id, lottery_id, timestamp, purchased, problem_end, end in USER_EVENT.unpack(numbers):
            event = texts[problem_end:end]
            if kind == schema.CLICKED:
                self._click(turn, Click(lottery_id, user_id, timestamp, event))
            elif kind == schema.PURCHASED:
                self._buy(turn, user_id, purchased, event)
            else:
                turn.reject(event, MalformedEventError(texts[begin:problem_end].decode()))
            begin = end
        self._coupons.write()
        return turn.outputs()

    def process_element2(self, value: Row, ctx: KeyedCoProcessFunction.Context) -> Iterable[object]:
        """Take :data:`LOTTERY_RUNS` over; gives the packed :data:`ACCEPTED_CLICK` that came before them."""
        bucket, lottery_id, runs = value
        turn = Turn(ctx)
        for run in runs:
            if run.ends != logic.NEVER:
                turn.timers.register_event_time_timer(run.ends - 1)
        self._keep(bucket, lottery_id, logic.not_ended(runs, turn.watermark))
        self._try_held(turn)
        self._coupons.write()
        return turn.outputs()

    def on_timer(self, timestamp: int, ctx: KeyedCoProcessFunction.OnTimerContext) -> Iterable[object]:
        """Refuse the clicks that have waited in vain, and forget the runs that have ended."""
        turn = Turn(ctx)
        clicks: list[Click] = self._held.get(timestamp) or []
        self._held.remove(timestamp)
        for click in clicks:
            try:
                self._accept(turn, click)
            except RuleError as error:
                turn.reject(click.event, error)
        for lottery_id, runs in list(self._runs.items()):
            self._keep(turn.bucket, lottery_id, logic.not_ended(runs, timestamp))
        self._coupons.write()
        return turn.outputs()

    def _buy(self, turn: Turn, user_id: int, purchased: int, event: bytes) -> None:
        try:
            self._coupons.set(user_id, logic.buy(self._coupons.of(user_id), purchased))
        except RuleError as error:
            turn.reject(event, error)
        else:
            self._try_held(turn)

    def _click(self, turn: Turn, click: Click) -> None:
        try:
            logic.refuse_late(
                click.timestamp,
                window_millis=self._window_millis,
                watermark=turn.watermark,
                lottery_id=click.lottery_id,
            )
            self._accept(turn, click)
        except RuleError as error:
            if isinstance(error, (InactiveLotteryError, NoCouponError)) and click.timestamp > turn.watermark:
                self._held.put(click.timestamp, [*(self._held.get(click.timestamp) or []), click])
                turn.timers.register_event_time_timer(click.timestamp)
            else:
                turn.reject(click.event, error)

    def _accept(self, turn: Turn, click: Click) -> None:
        """Take the coupon of a click that counts."""
        run, left = logic.click(
            self._runs_of(turn.bucket, click.lottery_id),
            self._coupons.of(click.user_id),
            lottery_id=click.lottery_id,
            user_id=click.user_id,
            timestamp=click.timestamp,
        )
        self._coupons.set(click.user_id, left)
        turn.accept(click, run)

    def _try_held(self, turn: Turn) -> None:
        """Accept the held clicks that count by now, the earliest first."""
        if self._held.is_empty():
            return
        for timestamp, clicks in sorted(self._held.items()):
            waiting = []
            for click in clicks:
                try:
                    self._accept(turn, click)
                except RuleError:
                    waiting.append(click)
            if waiting:
                self._held.put(timestamp, waiting)
            else:
                self._held.remove(timestamp)

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
