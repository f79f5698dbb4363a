"""A person at the terminal, or a pipe, and a scenario that takes what is typed."""

from __future__ import annotations

import os
import select
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable

from rich.console import Console

from local.errors import UsageError

#: What every conversation understands.
HELP, QUIT = "help", "quit"
#: How long to wait for a line before asking for news.
_POLL_SECONDS = 0.5


class Conversation(ABC):
    """A scenario's side: it answers lines, and has news of its own."""

    @property
    @abstractmethod
    def help(self) -> str:
        """What can be typed, a line each."""

    @abstractmethod
    def answer(self, line: str) -> str:
        """Do what a line asks for, and say so.

        Raises:
            UsageError: for a line that asks for nothing known, with what to type instead.

        """

    @abstractmethod
    def news(self) -> Iterable[str]:
        """What has happened since the last call, a line each."""


class Lines:
    """The lines of a file as they come, without blocking for longer than the caller allows."""

    def __init__(self, file: int) -> None:
        """Read from a file descriptor: a terminal's, or a pipe's."""
        self._file = file
        self._partial = b""
        self._complete: deque[str] = deque()
        self._ended = False

    @property
    def ended(self) -> bool:
        """Whether all lines have been taken, and no more can come."""
        return self._ended and not self._complete

    def next(self, *, seconds: float) -> str | None:
        """The next line, without white space around it; none, where none comes in time, or no more."""
        if not self._complete and not self._ended and select.select([self._file], [], [], seconds)[0]:
            self._read()
        return self._complete.popleft() if self._complete else None

    def _read(self) -> None:
        chunk = os.read(self._file, 65_536)
        self._ended = not chunk
        *lines, self._partial = (self._partial + (chunk or b"\n")).split(b"\n")
        self._complete.extend(line.decode(errors="replace").strip() for line in lines)


def converse(conversation: Conversation, lines: Lines, console: Console, ended: Callable[[], bool]) -> None:
    """Answer line by line, and tell the news, until the lines end, one says ``quit``, or ``ended`` does.

    ``ended`` is asked about twice a second, and may raise.
    """
    prompt = _Prompt(console)
    prompt.tell([_help(conversation)])
    while not lines.ended and not ended():
        prompt.tell(conversation.news())
        prompt.show()
        line = lines.next(seconds=_POLL_SECONDS)
        if line is None:
            continue
        prompt.taken()
        if line == QUIT:
            return
        prompt.tell(_answer(conversation, line))


def _answer(conversation: Conversation, line: str) -> list[str]:
    if not line:
        return []
    if line == HELP:
        return [_help(conversation)]
    try:
        return [conversation.answer(line)]
    except UsageError as error:
        return [str(error)]


def _help(conversation: Conversation) -> str:
    return f"{conversation.help}\n{HELP}: these lines again\n{QUIT}: the end, as are Ctrl-D and Ctrl-C"


class _Prompt:
    """The prompt of a terminal; what is printed meanwhile begins on a line of its own."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown = False

    def show(self) -> None:
        if self._console.is_terminal and not self._shown:
            self._console.print("> ", end="")
            self._shown = True

    def taken(self) -> None:
        """Somebody has typed a line, whose end is the prompt's."""
        self._shown = False

    def tell(self, told: Iterable[str]) -> None:
        for text in told:
            if self._shown:
                self._console.print()
                self._shown = False
            self._console.print(text, markup=False, highlight=False, soft_wrap=True)
