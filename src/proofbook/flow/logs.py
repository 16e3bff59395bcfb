"""`proofbook logs`: every event of a run, of one that is being built too, and of one that was killed."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from proofbook.exceptions import NotFoundError
from proofbook.model.run import Run
from proofbook.store import Store, Tail

__all__ = ["Event", "Log", "follow", "read"]

_PAUSE: Final = 0.2
"""Seconds between two looks at a log that grows."""

Event = dict[str, Any]


class Log(Struct, frozen=True, kw_only=True):
    """What is logged of one run."""

    run: int
    ending: str
    """Of the run: `succeeded` ... , `running` while it is built, `interrupted` where its build was killed."""
    events: tuple[Event, ...]


def read(root: Path, reference: str = "latest", *, task: str | None = None) -> Log:
    """
    The log of a run as far as it is written.

    Args:
        root: The folder of the pipeline.
        reference: A number, `latest` (also of runs that are being built), a channel, digits of a digest.
        task: Only the events of this task.

    Raises:
        NotFoundError: There is no such run, or no such task in it, or nothing is left of its log.
        BlobCorruptError: The log is damaged.
    """
    with Store.open(root, create=False) as store:
        number = _number(store, reference)
        building, tail = store.building(number), store.tail(number)
        run = None if building else _sealed(store, number)
        if run is not None or tail is None:
            # while one looked, the build may have ended
            run = run or store.run(number)
            events, ending = _of_sealed(store, run), str(run.ending)
        else:
            events, ending = tuple(tail.more()), "running" if building else "interrupted"
        if tail is not None:
            tail.close()
    return Log(run=number, ending=ending, events=tuple(_of_task(events, task)))


def follow(root: Path, reference: str = "latest", *, task: str | None = None) -> Iterator[Event]:
    """
    The events of a run as they come, until it ends; the last is `run_finished`, or `interrupted` after a kill.

    Args:
        root: The folder of the pipeline.
        reference: As for `read`.
        task: Only the events of this task, and the last.

    Raises:
        NotFoundError: As for `read`.
    """
    with Store.open(root, create=False) as store:
        number = _number(store, reference)
        building, tail = store.building(number), store.tail(number)
        if tail is None or (not building and _sealed(store, number) is not None):
            yield from _of_task(_of_sealed(store, store.run(number)), task)
            return
        try:
            yield from _of_task(_growing(store, number, tail), task)
        finally:
            tail.close()


def _growing(store: Store, number: int, tail: Tail) -> Iterator[Event]:
    while True:
        # asked first: what it wrote before it ended is read below
        building = store.building(number)
        for event in tail.more():
            yield event
            if event["event"] == "run_finished":
                return
        if not building:
            yield {"event": "interrupted", "run": number}
            return
        time.sleep(_PAUSE)


def _number(store: Store, reference: str) -> int:
    """The number of a run, sealed or not."""
    reference = reference.strip()
    if reference == "latest":
        newest = store.runs(1)
        return newest[0].number if newest else store.number(reference)
    if reference.isdecimal() and reference.isascii() and len(reference) < 19:
        number = int(reference)
        if (tail := store.tail(number)) is not None:
            tail.close()
            return number
    return store.number(reference)


def _sealed(store: Store, number: int) -> Run | None:
    try:
        return store.run(number)
    except NotFoundError:
        return None


def _of_sealed(store: Store, run: Run) -> tuple[Event, ...]:
    if run.log is None:
        raise NotFoundError(f"run {run.number} has no log")
    found = []
    for line in store.blobs.get(run.log).splitlines():
        try:
            event = msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError):
            continue
        if isinstance(event, dict) and isinstance(event.get("event"), str):
            found.append(event)
    return tuple(found)


def _of_task(events: Iterator[Event] | tuple[Event, ...], task: str | None) -> Iterator[Event]:
    for event in events:
        kind = event["event"]
        if task is None:
            yield event
        elif kind == "run_started" and task not in event.get("tasks", ()):
            known = ", ".join(map(str, event.get("tasks", ()))) or "none"
            raise NotFoundError(f"run {event.get('run')} has no task {task!r}; its tasks: {known}")
        elif event.get("task") == task or kind in {"run_finished", "interrupted"}:
            yield event
