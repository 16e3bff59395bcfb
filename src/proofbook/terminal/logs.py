"""The events of a run for a person: time, task, what happened; what notebooks print is made visible, never obeyed."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import click

from proofbook.report.text import plain
from proofbook.terminal.board import MARKS
from proofbook.terminal.say import printable
from proofbook.terminal.tables import duration, memory, one_line

__all__ = ["Transcript", "print_log"]

_NAME: Final = 24
"""Columns of a task's name, at most."""

Event = dict[str, Any]
Said = tuple[str, dict[str, Any]]
"""A line, and its style as click has it."""


def print_log(events: Iterable[Event]) -> None:
    """Print events as they come."""
    transcript = Transcript()
    for event in events:
        transcript.print(event)


class Transcript:
    """Prints one event after the other, in columns."""

    def __init__(self) -> None:
        self._width = 8
        self._days: set[str] = set()
        self._printed: dict[str, str] = {}
        """The last that each task printed."""

    def print(self, event: Event) -> None:
        """Print one event; nothing, where a person needs nothing of it."""
        if event["event"] == "run_started":
            names = [one_line(name) for name in event.get("tasks", ())]
            self._width = min(max(map(len, names), default=self._width), _NAME)
        at, task = _clock(event.get("at")), one_line(event.get("task") or "")
        if len(task) > self._width:
            # of a run whose beginning nobody logged, or a name without end
            self._width = min(len(task), _NAME)
            task = task if len(task) <= _NAME else f"{task[: _NAME - 1]}…"
        self._print_day(event.get("at"))
        for text, style in _lines(self._without_repeat(event)):
            shown = printable(text).rstrip()
            shown = click.style(shown, **style) if style and shown else shown
            click.echo(f"{click.style(at, dim=True)}  {task:<{self._width}}  {shown}".rstrip())

    def _without_repeat(self, event: Event) -> Event:
        """A traceback that was printed as the cell's own output need not be printed again as the task's failure."""
        task, failure = str(event.get("task")), event.get("failure")
        if event["event"] == "output":
            self._printed[task] = _last(event.get("text"))
        if event["event"] == "task_finished" and isinstance(failure, dict) and failure.get("traceback"):
            known = _last(failure["traceback"]) == self._printed.get(task)
            return {**event, "failure": {**failure, "traceback": ""}} if known else event
        return event

    def _print_day(self, at: Any) -> None:
        """The day, once at the beginning and again after midnight: the lines have only the time."""
        moment = _moment(at)
        day = moment.strftime("%Y-%m-%d %Z") if moment else ""
        if day and day not in self._days:
            self._days.add(day)
            click.echo(click.style(day, bold=True))


def _lines(event: Event) -> list[Said]:
    known = _WORDS.get(event["event"])
    if known is not None:
        try:
            return known(event)
        except (KeyError, TypeError, ValueError, AttributeError):
            # of another version of Proofbook, or damaged: shown as it is
            pass
    rest = {name: value for name, value in event.items() if name not in {"event", "at", "task"}}
    return [(one_line(f"{event['event']} {rest}"[:200]), {"dim": True})]


def _run_started(event: Event) -> list[Said]:
    count = len(event["tasks"])
    return [(f"run {event['run']}: {count} task{'s' * (count != 1)}", {"bold": True})]


def _task_started(event: Event) -> list[Said]:
    return [(f"started: {one_line(event['reason'])}", {"fg": "cyan"})]


def _kernel_started(event: Event) -> list[Said]:
    how, note = "warm" if event.get("warm") else "cold", one_line(event.get("note") or "")
    took = f" in {duration(event['seconds'])}" if event.get("seconds") is not None else ""
    pid = f" (pid {event['pid']})" if event.get("pid") else ""
    return [(f"kernel started {how}{took}{pid}" + (f": {note}" if note else ""), {"dim": True})]


def _cell_started(event: Event) -> list[Said]:
    title = one_line(event.get("title") or "")
    return [(f"{_cell(event)}{f': {title}' if title else ''}", {})]


def _cell_finished(event: Event) -> list[Said]:
    failed = event.get("status") == "failed"
    used = [text for text in (duration(event.get("seconds")), memory(event.get("peak_memory") or 0)) if text]
    said = f"cell {event['cell']} {'failed' if failed else 'done'}{f' in {used[0]}' if used else ''}"
    return [(", ".join([said, *used[1:]]), {"fg": "red"} if failed else {"dim": True})]


def _output(event: Event) -> list[Said]:
    mark, style = ("!", {"fg": "yellow"}) if event.get("name") == "stderr" else ("|", {})
    # of a line that a progress bar wrote again and again a terminal shows the last
    rows = [row.rstrip("\r").rpartition("\r")[2] for row in plain(str(event["text"])).rstrip("\n").split("\n")]
    return [(f"{mark} {row}".replace("\t", "    "), style) for row in rows]


def _attempt_failed(event: Event) -> list[Said]:
    wait = f"again in {duration(event['wait'])}" if event.get("wait") else "again at once"
    message = one_line(event["failure"]["message"])
    return [(f"attempt {event['attempt']} of {event['attempts']} failed, {wait}: {message}", {"fg": "yellow"})]


def _task_finished(event: Event) -> list[Said]:
    status, failure = event["status"], event.get("failure")
    said = str(status)
    if status in {"ran", "failed", "cancelled"}:
        said += f" {'in' if status == 'ran' else 'after'} {duration(event['seconds'])}"
    if failure and failure.get("cell"):
        said += f" in cell {failure['cell']}"
    why = failure["message"] if failure else event["reason"]
    if status != "ran":
        said += f": {one_line(why)}"
    lines: list[Said] = [(said, _style(status))]
    if failure and failure.get("traceback"):
        # nbclient puts the code of the cell before it
        traceback = plain(failure["traceback"]).rstrip().rpartition("\n------------------\n\n")[2].lstrip("\n")
        lines += [(f"    {row}", {"dim": True}) for row in traceback.split("\n")]
    return lines


def _run_finished(event: Event) -> list[Said]:
    style = _style("ran" if event["ending"] == "succeeded" else event["ending"])
    return [(f"run {event['run']} {event['ending']} in {duration(event['seconds'])}", {**style, "bold": True})]


def _interrupted(event: Event) -> list[Said]:
    return [(f"the build of run {event['run']} was killed: its log ends here", {"fg": "red", "bold": True})]


def _log(event: Event) -> list[Said]:
    return [(f"{event.get('level', 'log')}: {one_line(event['message'])}", {"fg": "yellow"})]


def _breach(event: Event) -> list[Said]:
    return [(one_line(event["line"]), {"fg": "red" if event["policy"] == "fail" else "yellow"})]


def _unguarded(event: Event) -> list[Said]:
    return [(one_line(event["message"]), {"fg": "yellow"})]


def _preload(event: Event) -> list[Said]:
    names = [one_line(name) for name in event["modules"]]
    packages = list(dict.fromkeys(name.partition(".")[0] for name in names))
    said = [f"preloaded {', '.join(packages)} in {duration(event['seconds'])}"] if names else []
    said += [f"not preloaded: {one_line(name)}: {one_line(why)}" for name, why in event["refused"].items()]
    return [(text, {"dim": True}) for text in said]


def _last(text: Any) -> str:
    return plain(str(text)).rstrip().rpartition("\n")[2]


def _nothing(_: Event) -> list[Said]:
    return []


def _cell(event: Event) -> str:
    return f"cell {event['cell']}" + (f" of {event['cells']}" if event.get("cells") else "")


def _style(status: str) -> dict[str, Any]:
    words = MARKS.get(status, ("", ""))[1].split()
    colours = [word for word in words if word not in {"bold", "dim"}]
    return {**({"fg": colours[0]} if colours else {}), **{word: True for word in words if word in {"bold", "dim"}}}


def _moment(at: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(at)).astimezone()
    except ValueError:
        return None


def _clock(at: Any) -> str:
    moment = _moment(at)
    return moment.strftime("%H:%M:%S.%f")[:-3] if moment else " " * 12


_WORDS: Final[Mapping[str, Callable[[Event], list[Said]]]] = {
    "run_started": _run_started,
    "expected": _nothing,
    "task_started": _task_started,
    "kernel_started": _kernel_started,
    "cell_started": _cell_started,
    "cell_finished": _cell_finished,
    "output": _output,
    "attempt_failed": _attempt_failed,
    "task_finished": _task_finished,
    "run_finished": _run_finished,
    "interrupted": _interrupted,
    "log": _log,
    "breach": _breach,
    "preload": _preload,
    "unguarded": _unguarded,
}
