"""The operators in Python: the rules, with Flink's state and timers.

``Lotteries`` processes every start and stop once, and broadcasts the lotteries to every bucket of players. ``Players``
has the coupons of a bucket of players, and takes one for each accepted click. So everything that an event depends on
is in the state of its key, at any parallelism.
"""

from __future__ import annotations

import heapq
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from pyflink.common import Row, Time, Types
from pyflink.datastream import KeyedCoProcessFunction, KeyedProcessFunction, OutputTag, RuntimeContext
from pyflink.datastream.state import MapStateDescriptor, StateTtlConfig, ValueStateDescriptor

from flink_apps.common.packed import PACKED, Layout, pack_numbers
from flink_apps.lottery import logic, schema
from flink_apps.lottery.logic import InactiveLotteryError, MalformedEventError, NoCouponError, RuleError, Run

#: A lottery event: type, lottery, timestamp, prizes, arrival in milliseconds, error if malformed, the event's bytes.
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
#: A packed user event. Its numbers are kind, player, lottery, timestamp and purchased coupons. Its texts are the error,
#: if it is malformed, and its bytes.
USER_EVENT = Layout(numbers=5, texts=2)
#: Packed user events, and the event time before them.
USER_EVENTS = Types.ROW([*PACKED.get_field_types(), Types.LONG()])
#: A lottery as each bucket receives it: the bucket, the lottery, and its runs, pickled.
LOTTERY_RUNS = Types.ROW([Types.INT(), Types.LONG(), Types.PICKLED_BYTE_ARRAY()])
#: An accepted click, unpacked: lottery, player, timestamp, and the secret of the lottery's run.
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
    """Expired state is never visible, and is removed in the background.

    PyFlink's default for the removal fails in thread mode: it needs a Java gateway for the period, which TaskManagers
    do not have. So the same two strategies are named here, with a period. PyFlink does not pass it on to the JVM.
    """
    return (
        StateTtlConfig.new_builder(Time.milliseconds(expiry // timedelta(milliseconds=1)))
        .disable_cleanup_in_background()
        .cleanup_incrementally(5, run_cleanup_for_every_record=False)
        .cleanup_in_rocksdb_compact_filter(1000, periodic_compaction_time=Time.days(30))
        .build()
    )


class Lotteries(KeyedProcessFunction):  # type: ignore[misc] # PyFlink's own is untyped
    """Keyed by lottery: starts and stops it, ends it in event time, and informs all buckets."""

    def __init__(self, *, buckets: int, window_millis: int, prizes: int) -> None:
        """``prizes`` is how many windows a lottery lasts if its start has no ``prizes``; 0: until it is stopped."""
        self._buckets = buckets
        self._window_millis = window_millis
        self._prizes = prizes

    def open(self, runtime_context: RuntimeContext) -> None:
        """Create the state."""
        self._runs = runtime_context.get_state(ValueStateDescriptor("runs", Types.PICKLED_BYTE_ARRAY()))

    def process_element(self, value: Row, ctx: KeyedProcessFunction.Context) -> Iterator[object]:
        """Apply a :data:`LOTTERY_EVENT`; yields rows of a bucket and :data:`LOTTERY_RUNS`, or a rejection."""
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
        """Remove the runs that have ended; the buckets have timers of their own."""
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

    A cache has the latest values, as reading from RocksDB costs more than all other rules together. A player is in one
    bucket, and a bucket in one task, so nobody else can have changed a value meanwhile.
    """

    #: The most players in the cache, about 20 MB.
    MOST_REMEMBERED = 100_000

    def __init__(self, runtime_context: RuntimeContext, expiry: timedelta, now: Callable[[], float]) -> None:
        """``now`` returns seconds."""
        descriptor = MapStateDescriptor("coupons", Types.LONG(), Types.LONG())
        descriptor.enable_time_to_live(_time_to_live(expiry))
        self._state = runtime_context.get_map_state(descriptor)
        self._expiry = expiry.total_seconds()
        self._now = now
        self._remembered: dict[int, tuple[int, float]] = {}
        self._unwritten: dict[int, int] = {}

    def of(self, user_id: int) -> int:
        """The coupons of a player."""
        remembered = self._remembered.get(user_id)
        if remembered is not None and self._now() < remembered[1]:
            return remembered[0]
        return self._state.get(user_id) or 0

    def set(self, user_id: int, coupons: int) -> None:
        """Set the coupons of a player; :meth:`write` brings them into the state."""
        if len(self._remembered) >= self.MOST_REMEMBERED:
            self.write()
            self._remembered.clear()
        self._unwritten[user_id] = coupons
        self._remembered[user_id] = coupons, self._now() + self._expiry

    def write(self) -> None:
        """Write all new values into the state at once, before another key's turn; 0 coupons take no state."""
        some = {user_id: coupons for user_id, coupons in self._unwritten.items() if coupons}
        if some:
            _put_all(self._state, some)
        for user_id in self._unwritten.keys() - some.keys():
            self._state.remove(user_id)
        self._unwritten.clear()


def _put_all(state: Any, values: Mapping[int, object]) -> None:  # noqa: ANN401 - a map state of either mode
    """Write all at once in thread mode, to save calls; process mode buffers them, and its ``put_all`` fails."""
    if type(state).__module__ == "pyflink.fn_execution.state_impl":
        for key, value in values.items():
            state.put(key, value)
    else:
        state.put_all(values)


class Waiting(NamedTuple):
    """A held click without its event. The earlier comes first; at the same time, the one that was held first."""

    timestamp: int
    #: Its key in the state.
    number: int
    lottery_id: int
    user_id: int


class Queues:
    """The held clicks of one bucket, in memory: all, and those of each player on each lottery, the earliest first."""

    def __init__(self) -> None:
        """Nothing is held."""
        #: The numbers of the clicks that are held. One that counts by now stays in the queue of all until its time.
        self.numbers: set[int] = set()
        self._next = logic.ALWAYS
        self._all: list[Waiting] = []
        self._of: dict[int, dict[int, list[Waiting]]] = {}

    def __len__(self) -> int:
        """How many clicks are in memory."""
        return len(self._all)

    def next_number(self) -> int:
        """A number that no held click has."""
        number, self._next = self._next, self._next + 1
        return number

    def add(self, waiting: Waiting) -> None:
        """Hold a click."""
        self._next = max(self._next, waiting.number + 1)
        self.numbers.add(waiting.number)
        heapq.heappush(self._all, waiting)
        heapq.heappush(self._of.setdefault(waiting.user_id, {}).setdefault(waiting.lottery_id, []), waiting)

    def lotteries(self, user_id: int) -> list[int]:
        """The lotteries that clicks of a player wait for."""
        return list(self._of.get(user_id, ()))

    def players(self, lottery_id: int) -> list[int]:
        """The players whose clicks wait for a lottery."""
        return [user_id for user_id, lotteries in self._of.items() if lottery_id in lotteries]

    def of(self, user_id: int, lottery_id: int) -> list[Waiting]:
        """The queue of a player on a lottery: a heap."""
        return self._of[user_id][lottery_id]

    def until(self, timestamp: int) -> Iterator[Waiting]:
        """Take the clicks up to a time out of all queues."""
        while self._all and self._all[0].timestamp <= timestamp:
            waiting = heapq.heappop(self._all)
            if waiting.number in self.numbers:
                self.numbers.remove(waiting.number)
                heapq.heappop(self.of(waiting.user_id, waiting.lottery_id))
                self.drop_empty(waiting.user_id, waiting.lottery_id)
                yield waiting

    def drop_empty(self, user_id: int, lottery_id: int) -> None:
        """Forget a queue that is empty."""
        lotteries = self._of[user_id]
        if not lotteries[lottery_id]:
            del lotteries[lottery_id]
            if not lotteries:
                del self._of[user_id]


class HeldClicks:
    """The clicks that are held, in keyed state: each is an entry of its own, which is written once.

    A start or a purchase concerns only some of them, and only the earliest. So their order is in memory, without their
    events: see :class:`Queues`. A bucket's is read from the state when it is not there.
    """

    #: The most clicks in memory, about 100 MB, in addition to those of the bucket whose turn it is.
    MOST_REMEMBERED = 300_000

    def __init__(self, runtime_context: RuntimeContext) -> None:
        """Nothing is in memory."""
        descriptor = MapStateDescriptor("held", Types.LONG(), Types.PICKLED_BYTE_ARRAY())
        self._state = runtime_context.get_map_state(descriptor)
        self._queues: dict[int, Queues] = {}
        self._unwritten: dict[int, Click] = {}

    def of(self, bucket: int) -> Queues:
        """The queues of a bucket, whose turn it is."""
        queues = self._queues.get(bucket)
        if queues is None:
            if sum(map(len, self._queues.values())) >= self.MOST_REMEMBERED:
                self._queues.clear()
            queues = self._queues[bucket] = self._read()
        return queues

    def hold(self, queues: Queues, click: Click) -> None:
        """Hold a click; :meth:`write` brings it into the state."""
        number = queues.next_number()
        queues.add(Waiting(click.timestamp, number, click.lottery_id, click.user_id))
        self._unwritten[number] = click

    def event(self, waiting: Waiting) -> bytes:
        """The event of a held click."""
        click: Click = self._unwritten.get(waiting.number) or self._state.get(waiting.number)
        return click.event

    def remove(self, waiting: Waiting) -> None:
        """Remove a click from the state."""
        if self._unwritten.pop(waiting.number, None) is None:
            self._state.remove(waiting.number)

    def write(self) -> None:
        """Write all new clicks into the state at once, before another key's turn."""
        if self._unwritten:
            _put_all(self._state, self._unwritten)
            self._unwritten.clear()

    def _read(self) -> Queues:
        queues = Queues()
        lists: list[int] = []
        for number, held in self._state.items():
            if isinstance(held, Click):
                queues.add(Waiting(held.timestamp, number, held.lottery_id, held.user_id))
            else:
                lists.append(number)
        # In state of an earlier version, all clicks of a time are one entry, and that time is its key.
        for number in lists:
            for click in self._state.get(number):
                self.hold(queues, click)
            self._state.remove(number)
        return queues


class Turn:
    """One call for a bucket: its watermark, its timers and its outputs."""

    def __init__(self, ctx: KeyedCoProcessFunction.Context, *, time: int = logic.ALWAYS) -> None:
        """Start without outputs.

        Args:
            ctx: The context of the call.
            time: The event time before the events. After a restart it is known before the first watermark comes.

        """
        self.bucket: int = ctx.get_current_key()
        self.timers = ctx.timer_service()
        self.watermark: int = max(self.timers.current_watermark(), time)
        self._accepted: dict[str, list[int]] = {}
        self._rejected: list[tuple[OutputTag, Row]] = []

    def accept(self, click: Click | Waiting, run: Run) -> None:
        """Output an accepted click."""
        self._accepted.setdefault(run.secret, []).extend((click.lottery_id, click.user_id, click.timestamp))

    def reject(self, event: bytes, error: RuleError) -> None:
        """Output a rejected event."""
        self._rejected.append(_rejected(event, error))

    def outputs(self) -> Iterator[object]:
        """The rejections, and packed :data:`ACCEPTED_CLICK`."""
        yield from self._rejected
        for secret, numbers in self._accepted.items():
            yield Row(pack_numbers(numbers), secret)


class Players(KeyedCoProcessFunction):  # type: ignore[misc] # PyFlink's own is untyped
    """Keyed by bucket: sells coupons to its players, and takes one for each accepted click."""

    def __init__(self, *, window_millis: int, player_expiry: timedelta, now: Callable[[], float] = time.time) -> None:
        """A player expires, with all coupons, ``player_expiry`` after the last accepted purchase or click."""
        self._window_millis = window_millis
        self._player_expiry = player_expiry
        self._now = now

    def open(self, runtime_context: RuntimeContext) -> None:
        """Create the state: coupons by player, runs by lottery, held clicks."""
        self._coupons = Coupons(runtime_context, self._player_expiry, self._now)
        self._runs = runtime_context.get_map_state(MapStateDescriptor("runs", Types.LONG(), Types.PICKLED_BYTE_ARRAY()))
        self._held = HeldClicks(runtime_context)
        #: A cache of the state: non-empty runs by bucket and lottery.
        self._known_runs: dict[tuple[int, int], tuple[Run, ...]] = {}

    def process_element1(self, value: Row, ctx: KeyedCoProcessFunction.Context) -> Iterable[object]:
        """Apply :data:`USER_EVENTS`; returns packed :data:`ACCEPTED_CLICK`, and rejections."""
        numbers, texts, before = value
        turn, begin = Turn(ctx, time=before), 0
        for kind, user_id, lottery_id, timestamp, purchased, problem_end, end in USER_EVENT.unpack(numbers):
            event = texts[problem_end:end]
            if kind == schema.CLICKED:
                self._click(turn, Click(lottery_id, user_id, timestamp, event))
            elif kind == schema.PURCHASED:
                self._buy(turn, user_id, purchased, event)
            else:
                turn.reject(event, MalformedEventError(texts[begin:problem_end].decode()))
            begin = end
        return self._written(turn)

    def process_element2(self, value: Row, ctx: KeyedCoProcessFunction.Context) -> Iterable[object]:
        """Store :data:`LOTTERY_RUNS`; returns, packed, the held clicks that they make an :data:`ACCEPTED_CLICK`."""
        bucket, lottery_id, runs = value
        turn = Turn(ctx)
        for run in runs:
            if run.ends != logic.NEVER:
                turn.timers.register_event_time_timer(run.ends - 1)
        self._keep(bucket, lottery_id, logic.not_ended(runs, turn.watermark))
        held = self._held.of(bucket)
        for user_id in held.players(lottery_id):
            self._try_held(turn, held, user_id, [lottery_id])
        return self._written(turn)

    def on_timer(self, timestamp: int, ctx: KeyedCoProcessFunction.OnTimerContext) -> Iterable[object]:
        """Reject the held clicks that still do not count, and remove the runs that have ended."""
        turn = Turn(ctx)
        for waiting in self._held.of(turn.bucket).until(timestamp):
            try:
                self._accept(turn, waiting)
            except RuleError as error:
                turn.reject(self._held.event(waiting), error)
            self._held.remove(waiting)
        for lottery_id, runs in list(self._runs.items()):
            self._keep(turn.bucket, lottery_id, logic.not_ended(runs, timestamp))
        return self._written(turn)

    def _buy(self, turn: Turn, user_id: int, purchased: int, event: bytes) -> None:
        try:
            self._coupons.set(user_id, logic.buy(self._coupons.of(user_id), purchased))
        except RuleError as error:
            turn.reject(event, error)
        else:
            held = self._held.of(turn.bucket)
            self._try_held(turn, held, user_id, held.lotteries(user_id))

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
                self._held.hold(self._held.of(turn.bucket), click)
                turn.timers.register_event_time_timer(click.timestamp)
            else:
                turn.reject(click.event, error)

    def _accept(self, turn: Turn, click: Click | Waiting) -> None:
        """Accept a click and take its coupon, or raise a :class:`RuleError`."""
        run, left = logic.click(
            self._runs_of(turn.bucket, click.lottery_id),
            self._coupons.of(click.user_id),
            lottery_id=click.lottery_id,
            user_id=click.user_id,
            timestamp=click.timestamp,
        )
        self._coupons.set(click.user_id, left)
        turn.accept(click, run)

    def _try_held(self, turn: Turn, held: Queues, user_id: int, lottery_ids: Iterable[int]) -> None:
        """Accept the held clicks of a player on some lotteries that count by now, earliest first."""
        active = [lottery_id for lottery_id in lottery_ids if self._runs_of(turn.bucket, lottery_id)]
        queues = [held.of(user_id, lottery_id) for lottery_id in active]
        passed_over = []
        while any(queues) and self._coupons.of(user_id):
            waiting = heapq.heappop(min(filter(None, queues)))
            try:
                self._accept(turn, waiting)
            except InactiveLotteryError:
                passed_over.append(waiting)
            else:
                held.numbers.remove(waiting.number)
                self._held.remove(waiting)
        for waiting in passed_over:
            heapq.heappush(held.of(user_id, waiting.lottery_id), waiting)
        for lottery_id in active:
            held.drop_empty(user_id, lottery_id)

    def _written(self, turn: Turn) -> Iterable[object]:
        """The outputs of a turn, whose changes are in the state from now on."""
        self._coupons.write()
        self._held.write()
        return turn.outputs()

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
