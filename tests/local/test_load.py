import threading
from itertools import count

import pytest

from local.errors import RunError
from local.load import Load


def test_it_takes_step_after_step_until_it_is_stopped() -> None:
    numbers, enough = count(1), threading.Event()

    def step() -> None:
        if next(numbers) == 3:
            enough.set()

    load = Load("the players", step, interval_seconds=0)
    load.start()
    assert enough.wait(10)
    load.stop()
    after = next(numbers)
    assert next(numbers) == after + 1


def test_it_begins_once_however_often_it_is_started() -> None:
    began: list[int] = []
    load = Load("the players", lambda: began.append(threading.get_ident()), interval_seconds=60)
    load.start()
    load.start()
    load.stop()
    assert len(set(began)) <= 1


def test_a_step_that_fails_ends_it_and_is_the_run_s_error() -> None:
    failed = threading.Event()

    def step() -> None:
        failed.set()
        raise OSError("no such stream")

    load = Load("the load of players", step)
    load.start()
    assert failed.wait(10)
    load.stop()
    with pytest.raises(RunError, match="the load of players failed: no such stream"):
        load.check()


def test_one_that_never_began_can_be_stopped() -> None:
    load = Load("the players", lambda: None)
    load.stop()
    load.check()
