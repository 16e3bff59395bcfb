"""What a build is doing at this moment, gathered from its events; how it is shown is another's affair."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from proofbook.terminal.forecast import Forecast, words

__all__ = ["MARKS", "Board", "Event", "Running", "summary"]

Event = dict[str, Any]

MARKS: Final = {
    "ran": ("✓", "green"), "up-to-date": ("=", "dim"), "restored": ("↺", "cyan"), "failed": ("✗", "bold red"),
    "cancelled": ("!", "yellow"), "skipped": ("-", "dim"),
}  # fmt: skip
"""For each status of a task, the sign and the style that it is shown with."""
_SLOW: Final = 2.0
"""Seconds after which a task that has begun no cell is said to wait for its kernel."""


@dataclass
class Running:
    """One task that runs."""

    since: float
    cell: int = 0
    cells: int = 0
    title: str = ""
    waits: str = ""
    """What it waits for, where it waits: a second attempt, for one."""

    def where(self, *, now: float) -> str:
        """`cell 3 of 9`, or what comes before the first cell."""
        if self.waits:
            return self.waits
        if self.cell:
            return f"cell {self.cell} of {self.cells}" if self.cells else f"cell {self.cell}"
        return "waiting for its kernel" if now - self.since > _SLOW else "starting"


@dataclass
class Board:
    """The state of one build. Tell it each event with `take`."""

    run: int = 0
    total: int = 0
    ended: bool = False
    running: dict[str, Running] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    """How many tasks came to which status."""
    forecast: Forecast | None = None

    def take(self, event: Event, *, now: float) -> None:
        """Take note of an event."""
        name = event["event"]
        if name in {"run_started", "run_finished", "expected"}:
            self._take_of_run(event)
        elif name in {"task_started", "task_finished"}:
            self._take_of_task(event, now)
        elif (running := self.running.get(str(event.get("task")))) is not None:
            _take_within(running, event)

    def _take_of_run(self, event: Event) -> None:
        if event["event"] == "run_started":
            self.run, self.total = event["run"], len(event["tasks"])
        elif event["event"] == "expected":
            self.forecast = Forecast(event["upstream"], event["durations"], workers=event["workers"])
        else:
            self.ended = True

    def _take_of_task(self, event: Event, now: float) -> None:
        task = event["task"]
        if event["event"] == "task_started":
            self.running[task] = Running(since=now)
            if self.forecast is not None:
                self.forecast.start(task, now=now)
            return
        self.running.pop(task, None)
        self.done[event["status"]] += 1
        if self.forecast is not None:
            self.forecast.finish(task, good=event["status"] not in {"failed", "cancelled"})

    def left(self, *, now: float) -> str:
        """`about 40 s left`; nothing where nobody can know."""
        found = self.forecast.remaining(now=now) if self.forecast is not None and not self.ended else None
        return words(found[0], whole=found[1]) if found else ""


def _take_within(running: Running, event: Event) -> None:
    match event["event"]:
        case "kernel_started":
            running.waits = ""
        case "cell_started":
            running.waits, running.cell, running.cells = "", event.get("cell", 0), event.get("cells", 0)
            running.title = str(event.get("title", ""))
        case "attempt_failed":
            running.cell, running.title, running.waits = 0, "", "trying again"
        case _:
            pass


def summary(board: Board, *, now: float) -> str:
    """`37 of 100 tasks done: 30 ran, 6 up-to-date, 1 failed; about 40 s left`, as far as there is something to say."""
    said = f"{sum(board.done.values())} of {board.total} tasks done"
    if board.total > 1 and board.done:
        said += f": {', '.join(f'{board.done[status]} {status}' for status in MARKS if board.done[status])}"
    left = "comparing, writing the report" if board.ended else board.left(now=now)
    return f"{said}  ·  {left}" if left else said
