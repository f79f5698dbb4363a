import io
import os
from collections.abc import Callable, Iterator

import pytest
from rich.console import Console

from local.conversation import Conversation, Lines, converse
from local.errors import RunError, UsageError

HELP = ["say anything", "help: these lines again", "quit: the end, as are Ctrl-D and Ctrl-C"]


class Echo(Conversation):
    """Repeats what it hears, knows no 'what', and has news once."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.untold = ["first news"]

    @property
    def help(self) -> str:
        return "say anything"

    def answer(self, line: str) -> str:
        if line == "what":
            raise UsageError("there is no command 'what'")
        self.heard.append(line)
        return f"you said {line}"

    def news(self) -> list[str]:
        told, self.untold = self.untold, []
        return told


@pytest.fixture
def pipe() -> Iterator[tuple[int, Callable[[bytes], object]]]:
    """What is read, and how to write to it; nothing to write ends it."""
    reading, writing = os.pipe()
    open_ends = [reading, writing]

    def write(data: bytes) -> None:
        if data:
            os.write(writing, data)
        else:
            open_ends.remove(writing)
            os.close(writing)

    yield reading, write
    for end in open_ends:
        os.close(end)


Pipe = tuple[int, Callable[[bytes], object]]


def said(echo: Echo, pipe: Pipe, ended: Callable[[], bool] = lambda: False) -> list[str]:
    told = io.StringIO()
    converse(echo, Lines(pipe[0]), Console(file=told), ended)
    return told.getvalue().splitlines()


def test_lines_are_taken_one_by_one_though_they_come_at_once(pipe: Pipe) -> None:
    reading, write = pipe
    write(b"one\ntwo\r\nthr")
    lines = Lines(reading)
    assert [lines.next(seconds=0) for _ in range(3)] == ["one", "two", None]
    write(b"ee\n")
    assert lines.next(seconds=0) == "three"
    assert not lines.ended


def test_the_last_line_needs_no_end(pipe: Pipe) -> None:
    reading, write = pipe
    write(b"one")
    write(b"")
    lines = Lines(reading)
    assert [line for _ in range(3) if (line := lines.next(seconds=0))] == ["one"]
    assert lines.ended


def test_every_line_is_answered_until_the_input_ends(pipe: Pipe) -> None:
    pipe[1](b"hello\n\nhelp\nbye\n")
    pipe[1](b"")
    echo = Echo()
    assert said(echo, pipe)[3:] == ["first news", "you said hello", *HELP, "you said bye"]
    assert echo.heard == ["hello", "bye"]


def test_quit_ends_it_before_what_follows(pipe: Pipe) -> None:
    pipe[1](b"hello\nquit\nbye\n")
    echo = Echo()
    said(echo, pipe)
    assert echo.heard == ["hello"]


def test_what_is_not_understood_has_one_line_and_it_goes_on(pipe: Pipe) -> None:
    pipe[1](b"what\nhello\nquit\n")
    assert said(Echo(), pipe)[-2:] == ["there is no command 'what'", "you said hello"]


def test_it_begins_with_what_can_be_typed(pipe: Pipe) -> None:
    pipe[1](b"quit\n")
    assert said(Echo(), pipe)[:3] == HELP


def test_news_come_while_nobody_types(pipe: Pipe) -> None:
    asked = iter((False, True))
    assert said(Echo(), pipe, lambda: next(asked))[-1] == "first news"


def test_a_job_that_fails_ends_it(pipe: Pipe) -> None:
    def failed() -> bool:
        raise RunError("the job failed: no such stream")

    with pytest.raises(RunError, match="no such stream"):
        said(Echo(), pipe, failed)


def test_in_a_terminal_news_begin_on_a_line_of_their_own(pipe: Pipe) -> None:
    echo, told, asked = Echo(), io.StringIO(), iter((False, False, True))
    echo.untold = []

    def ended() -> bool:
        over = next(asked)
        if told.getvalue().endswith("> "):
            echo.untold = ["late news"]
        return over

    converse(echo, Lines(pipe[0]), Console(file=told, force_terminal=True, no_color=True), ended)
    assert told.getvalue().splitlines()[3:] == ["> ", "late news", "> "]
