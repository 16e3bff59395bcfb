"""The progress of a build: a live table on a terminal, one line an event elsewhere."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from proofbook.terminal import say
from proofbook.terminal.say import printable
from proofbook.terminal.tables import duration

__all__ = ["Progress"]

_MARKS = {
    "ran": ("✓", "green"), "up-to-date": ("=", "dim"), "restored": ("↺", "cyan"), "failed": ("✗", "bold red"),
    "cancelled": ("!", "yellow"), "skipped": ("-", "dim"),
}  # fmt: skip

Event = dict[str, Any]


class Progress(AbstractContextManager["Progress"]):
    """Call it with each event of a build."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or say.console()
        self._running: dict[str, dict[str, Any]] = {}
        self._live: Live | None = None
        self._total = self._done = 0

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live = Live(get_renderable=self._table, console=self._console, refresh_per_second=8, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, event: Event) -> None:
        """Take note of one event."""
        act: Callable[[Event], None] | None = getattr(self, f"_{event['event']}", None)
        if act is not None:
            act(event)

    def _waiting(self, event: Event) -> None:
        self._print(Text(f"waiting: {event['message']}", style="yellow"))

    def _run_started(self, event: Event) -> None:
        self._total = len(event["tasks"])
        self._print(Text.assemble(("run ", "bold"), (str(event["run"]), "bold"), f"  {self._total} tasks"))

    def _task_started(self, event: Event) -> None:
        self._running[event["task"]] = {"since": time.monotonic(), "cell": 0, "cells": 0}
        if self._live is None:
            self._print(Text(f"  > {event['task']}  ({event['reason']})"))

    def _cell_started(self, event: Event) -> None:
        if event["task"] in self._running:
            self._running[event["task"]] |= {"cell": event.get("cell", 0), "cells": event.get("cells", 0)}

    def _task_finished(self, event: Event) -> None:
        self._running.pop(event["task"], None)
        self._done += 1
        mark, style = _MARKS[event["status"]]
        worked = event["status"] in {"ran", "failed", "cancelled"}
        took = f"{duration(event['seconds']) if worked else '':>10}"
        failure = event.get("failure")
        # what went wrong is said once, below, with the place
        reason = f"in cell {failure['cell']}" if failure and failure.get("cell") else event["reason"]
        name, status = f"{event['task']:<16} ", (f"{event['status']:<11}", style)
        self._print(Text.assemble((f"  {mark} ", style), name, status, f"{took}  ", (printable(reason), "dim")))

    def _print(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)

    def _table(self) -> RenderableType:
        table = Table.grid(padding=(0, 1))
        for task, state in self._running.items():
            where = f"cell {state['cell']} of {state['cells']}" if state["cells"] else "starting"
            table.add_row(Spinner("dots"), task, Text(where, style="dim"), f"{time.monotonic() - state['since']:.0f} s")
        return Group(table, Text(f"  {self._done} of {self._total} tasks done", style="dim"))
