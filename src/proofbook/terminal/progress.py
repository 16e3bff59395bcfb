"""
The progress of a build: what runs, redrawn in place on a terminal; one line an event elsewhere.

There is no thread: the build's own loop redraws, at most four times a second and only what changed, so that a build
of a thousand tasks does not pay for being watched.
"""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from proofbook.terminal.board import MARKS, Board, Event, summary
from proofbook.terminal.say import printable, unheard
from proofbook.terminal.tables import duration, one_line

if TYPE_CHECKING:
    from rich.console import Console

    from proofbook.terminal.screen import Screen

__all__ = ["Progress"]

_INTERVAL: Final = 0.25
"""Seconds between two looks at whether something has to be redrawn."""
_FEW: Final = 24
"""Tasks up to which a terminal gets a line of each: of more, only those that did not end well."""

Line = tuple[tuple[str, str], ...]
"""Pieces of text, each with its style."""


class Progress(AbstractContextManager["Progress"]):
    """
    Call it with each event of a build. Where what it writes to is full or closed, it is silent from then on: a build
    does not depend on being watched.

    Args:
        console: Where to; standard output, where nothing is said.
    """

    def __init__(self, console: "Console | None" = None) -> None:
        self._console = console
        live = console.is_terminal if console is not None else sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        self._board = Board()
        self._screen: Screen | None = _screen(console) if live else None
        self._pending: list[Line] = []
        self._cold: set[str] = set()
        self._drawn = 0.0
        self._ticking = self._suspended = self._silent = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._heard():
            if self._screen is not None:
                self._screen.close(self._pending)
        self._pending = []
        self._screen = None

    def __call__(self, event: Event) -> None:
        """Take note of one event."""
        if self._silent:
            return
        self._board.take(event, now=time.monotonic())
        act: Callable[[Event], Line | None] | None = getattr(self, f"_{event['event']}", None)
        line = act(event) if act is not None else None
        with self._heard():
            if line is not None:
                self._say(line)
            if self._screen is not None:
                self._keep_ticking()
                if self._board.ended or time.monotonic() - self._drawn >= _INTERVAL:
                    self._draw()

    @contextmanager
    def _heard(self) -> Iterator[None]:
        """What is written in here may fail: once, and nothing is written any more."""
        try:
            yield
        except (OSError, ValueError, SystemExit) as error:  # rich ends the process where a pipe is closed
            self._silent, self._screen, self._pending = True, None, []
            unheard(sys.stdout if self._console is None else self._console.file, error)

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Leave the terminal to somebody else; what happens meanwhile is shown afterwards."""
        with self._heard():
            self._draw()
            if self._screen is not None:
                self._screen.close(())
        self._suspended = True
        try:
            yield
        finally:
            self._suspended = False
            with self._heard():
                self._draw()
                if self._screen is None:
                    pending, self._pending = self._pending, []
                    for line in pending:
                        self._say(line)

    def _waiting(self, event: Event) -> Line:
        return ((f"waiting: {event['message']}", "yellow"),)

    def _run_started(self, event: Event) -> Line:
        count = len(event["tasks"])
        return (("run ", "bold"), (str(event["run"]), "bold"), (f"  {count} task{'s' * (count != 1)}", ""))

    def _task_started(self, event: Event) -> Line | None:
        # on a terminal the table below shows it
        return ((f"  > {event['task']}  ({event['reason']})", ""),) if self._screen is None else None

    def _kernel_started(self, event: Event) -> Line | None:
        note = event.get("note") or ""
        if event.get("warm") or not note or note in self._cold:
            return None
        self._cold.add(note)
        return ((f"  ~ {event.get('task', '')}: ", ""), (f"its kernel started cold: {one_line(note)}", "yellow"))

    def _breach(self, event: Event) -> Line:
        # one that fails the task is red: there may be several, and the failure below names the first
        style = "red" if event["policy"] == "fail" else "yellow"
        return (("  ! ", style), (f"{event['task']:<16} ", ""), (one_line(event["line"]), style))

    def _unguarded(self, event: Event) -> Line:
        return (("  ! ", "yellow"), (one_line(event["message"]), "yellow"))

    def _judging(self, event: Event) -> Line:
        return (("  · ", ""), (one_line(event["message"]), "dim"))

    def _attempt_failed(self, event: Event) -> Line:
        failure, wait = event.get("failure") or {}, event.get("wait") or 0.0
        again = f"again in {duration(wait)}" if wait else "again at once"
        said = f"attempt {event.get('attempt')} of {event.get('attempts')} failed, {again}: "
        return (
            ("  ~ ", "yellow"), (f"{event['task']:<16} ", ""), (said, "yellow"),
            (one_line(failure.get("message", "")), "dim"),
        )  # fmt: skip

    def _task_finished(self, event: Event) -> Line | None:
        status = event["status"]
        if self._screen is not None and self._board.total > _FEW and status not in {"failed", "cancelled"}:
            return None
        mark, style = MARKS[status]
        took = f"{duration(event['seconds']) if status in {'ran', 'failed', 'cancelled'} else '':>10}"
        failure = event.get("failure")
        # what went wrong is said once, below, with the place
        reason = f"in cell {failure['cell']}" if failure and failure.get("cell") else event["reason"]
        return (
            (f"  {mark} ", style), (f"{event['task']:<16} ", ""), (f"{status:<11}", style), (f"{took}  ", ""),
            (printable(reason), "dim"),
        )  # fmt: skip

    def _say(self, line: Line) -> None:
        if self._screen is not None or self._suspended:
            self._pending.append(line)
        elif self._console is not None:
            from rich.text import Text

            self._console.print(Text.assemble(*line), soft_wrap=True)
        else:
            # not click's echo: where a stream is ASCII, it writes UTF-8 all the same
            sys.stdout.write(printable("".join(text for text, _ in line)) + "\n")
            sys.stdout.flush()

    def _draw(self) -> None:
        if self._screen is None or self._suspended:
            return
        now = time.monotonic()
        pending, self._pending = self._pending, []
        footer = summary(self._board, now=now) if self._board.run else ""
        self._screen.draw(pending, self._board.running, footer, now=now)
        self._drawn = time.monotonic()

    def _keep_ticking(self) -> None:
        """Time passes without events too, as long as there is a loop that tells it."""
        if self._ticking:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        self._ticking = True

        def tick() -> None:
            with self._heard():
                self._draw()
            if self._screen is None or self._board.ended:
                self._ticking = False
            else:
                loop.call_later(_INTERVAL, tick)

        loop.call_later(_INTERVAL, tick)


def _screen(console: "Console | None") -> "Screen":
    from proofbook.terminal import say
    from proofbook.terminal.screen import Screen

    return Screen(console or say.console())
