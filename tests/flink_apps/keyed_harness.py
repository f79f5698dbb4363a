"""Keyed functions in Python without a cluster: state of each key, timers, a watermark and a clock, side outputs.

It is as strict as Flink: state is kept as copies, of the declared types; a timer belongs to the key that registered
it; expired state is gone.
"""

from __future__ import annotations

import pickle
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pyflink.common import Types
from pyflink.datastream import KeyedCoProcessFunction, KeyedProcessFunction, OutputTag
from pyflink.datastream.state import StateDescriptor

LONGS = range(-(2**63), 2**63)
NO_WATERMARK, END = LONGS[0], LONGS[-1]


@dataclass
class _Kept:
    """A value in state, as bytes, and when it was written."""

    value: bytes
    written: int


class _State:
    """The values of one state of all keys: by key, and by the map's key in it."""

    def __init__(self, harness: Harness, descriptor: StateDescriptor) -> None:
        self._harness = harness
        config = descriptor._ttl_config
        self._ttl = config.get_ttl().to_milliseconds() if config else None
        self._kept: dict[object, dict[object, _Kept]] = defaultdict(dict)

    def _entries(self) -> dict[object, _Kept]:
        entries = self._kept[self._harness.key]
        if self._ttl is not None:
            for name in [name for name, kept in entries.items() if kept.written + self._ttl <= self._harness.clock]:
                del entries[name]
        return entries

    def _get(self, name: object) -> Any:
        kept = self._entries().get(name)
        return None if kept is None else pickle.loads(kept.value)  # noqa: S301 - of this very test

    def _put(self, name: object, value: object) -> None:
        self._kept[self._harness.key][name] = _Kept(pickle.dumps(value), self._harness.clock)

    def size(self) -> int:
        """Entries of all keys."""
        before = self._harness.key
        total = 0
        for key in list(self._kept):
            self._harness.key = key
            total += len(self._entries())
        self._harness.key = before
        return total


def _check(value: object, type_info: object) -> None:
    if type_info == Types.LONG():
        assert type(value) is int, f"a LONG must be an int (got {value!r})"
        assert value in LONGS, f"a LONG has 64 bits (got {value})"


class _ValueState(_State):
    def value(self) -> Any:
        return self._get(None)

    def update(self, value: object) -> None:
        self._put(None, value)

    def clear(self) -> None:
        self._entries().clear()


class _MapState(_State):
    def __init__(self, harness: Harness, descriptor: StateDescriptor) -> None:
        super().__init__(harness, descriptor)
        self._types = descriptor.type_info._key_type_info, descriptor.type_info._value_type_info

    def get(self, name: object) -> Any:
        return self._get(name)

    def put(self, name: object, value: object) -> None:
        _check(name, self._types[0])
        _check(value, self._types[1])
        self._put(name, value)

    def put_all(self, entries: dict[object, object]) -> None:
        for name, value in entries.items():
            self.put(name, value)

    def remove(self, name: object) -> None:
        self._entries().pop(name, None)

    def is_empty(self) -> bool:
        return not self._entries()

    def items(self) -> Iterator[tuple[object, Any]]:
        return ((name, self._get(name)) for name in list(self._entries()))


@dataclass
class Harness:
    """One subtask with a function: what is put in comes out as ``results``, and as ``side[tag_id]``."""

    function: KeyedProcessFunction | KeyedCoProcessFunction
    clock: int = 0
    watermark: int = NO_WATERMARK
    key: object = None
    results: list[Any] = field(default_factory=list)
    side: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    states: dict[str, _State] = field(default_factory=dict)
    timers: set[tuple[int, object]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.function.open(self)

    def put(self, key: object, value: object) -> None:
        """An element of a function with one input."""
        self._run(key, lambda: self.function.process_element(value, self))

    def put1(self, key: object, value: object) -> None:
        """An element of the first input."""
        self._run(key, lambda: self.function.process_element1(value, self))

    def put2(self, key: object, value: object) -> None:
        """An element of the second input."""
        self._run(key, lambda: self.function.process_element2(value, self))

    def advance(self, watermark: int) -> None:
        """A watermark: fires the timers up to it, in their order."""
        self.watermark = max(self.watermark, watermark)
        while due := [timer for timer in self.timers if timer[0] <= self.watermark]:
            timestamp, key = min(due, key=lambda timer: timer[0])
            self.timers.remove((timestamp, key))
            self._run(key, lambda timestamp=timestamp: self.function.on_timer(timestamp, self))

    def restart(self, function: KeyedProcessFunction | KeyedCoProcessFunction) -> None:
        """Go on with a new function, which has nothing but the state and the timers."""
        self.function = function
        function.open(self)

    def state_size(self) -> int:
        """Entries of all states of all keys."""
        return sum(state.size() for state in self.states.values())

    def _run(self, key: object, call: Any) -> None:
        self.key = key
        outputs: Iterable[Any] = call() or ()
        for output in outputs:
            if isinstance(output, tuple) and isinstance(output[0], OutputTag):
                self.side[output[0].tag_id].append(output[1])
            else:
                self.results.append(output)

    # What a function asks of its runtime context, of the context of a call, and of the timer service.

    def get_state(self, descriptor: StateDescriptor) -> _State:
        return self.states.setdefault(descriptor.name, _ValueState(self, descriptor))

    def get_map_state(self, descriptor: StateDescriptor) -> _State:
        return self.states.setdefault(descriptor.name, _MapState(self, descriptor))

    def timer_service(self) -> Harness:
        return self

    def get_current_key(self) -> object:
        return self.key

    def current_watermark(self) -> int:
        return self.watermark

    def register_event_time_timer(self, timestamp: int) -> None:
        assert timestamp in LONGS, f"a timestamp has 64 bits (got {timestamp})"
        self.timers.add((timestamp, self.key))
