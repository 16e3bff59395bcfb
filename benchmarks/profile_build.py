"""Where the time of one build goes: by phase of the run, by what the driver does, and by what it imports."""

import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
from processes import timed

from proofbook.flow import learned
from proofbook.store import Store

__all__ = ["HEADINGS", "lines", "of", "show"]

HEADINGS = {
    "chain": "by phase, one after the other; the tasks are those of the chain that ended last",
    "run": "by phase, all tasks together (several run at once)",
    "template": "imports of the template, which run beside the driver",
    "driver": "the driver's main thread, looked at from inside (a second build)",
    "imports": "imports of the driver by package, timed by the interpreter, which slows them down (a third build)",
}

_LINE = re.compile(r"import time:\s*(\d+) \|\s*(\d+) \| (\s*)(\S+)")
_SHOWN = 0.02
"""Seconds below which a line is not worth printing."""


def of(project: Callable[[], Path], flags: Sequence[str], *, variables: Mapping[str, str]) -> dict[str, Any]:
    """
    Build a project three times: as it is, looked at from inside, and with its imports timed.

    Args:
        project: Gives the folder to build in, each time: a fresh one, or the same.
        flags: Of `proofbook build`.
        variables: The environment.

    Returns:
        `seconds`, and seconds by phase: `run` (all tasks together, from the run's log), `chain` (those of one chain,
        one after the other), `template` (its imports), `driver` (its main thread, looked at from inside), `imports` (of
        the driver, by package).
    """
    folder, at = project(), time.time()
    words = ["proofbook", "build", *flags]
    taken = timed(words, cwd=folder, variables=variables)
    run, chain = _by_events(_events(folder), began=at, ended=at + taken.seconds)
    template = learned.read(folder).costs
    folder = project()
    looked = folder / "looked.json"
    timed(["python", Path(__file__).parent / "sampled.py", looked, *words[1:]], cwd=folder, variables=variables)
    driver = msgspec.json.decode(looked.read_bytes())
    binary = Path(variables["PATH"].partition(":")[0]) / "proofbook"
    imports = timed(["python", "-X", "importtime", binary, *words[1:]], cwd=project(), variables=variables)
    return {
        "seconds": taken.seconds, "cpu": taken.cpu, "driver_cpu": taken.own_cpu, "run": run, "chain": chain,
        "driver": driver["phases"], "driver_seconds": driver["seconds"], "imports": _by_package(imports.output),
        "template": {name: cost[0] for name, cost in template.items()},
    }  # fmt: skip


def show(found: Mapping[str, Any], *, title: str, floor: float) -> None:
    """Print it; `floor` is what the same cells take as one script, imports included."""
    print(f"\nWhere the time goes: {title}: {found['seconds']:.2f} s; as one script, imports included: {floor:.2f} s")
    print(f"processor time: {found['cpu']:.2f} s in all, {found['driver_cpu']:.2f} s of it the driver's")
    for key, heading in HEADINGS.items():
        print(f"\n  {heading}")
        for name, seconds in lines(found, key):
            print(f"  {seconds:8.3f}  {name}")


def lines(found: Mapping[str, Any], key: str) -> list[tuple[str, float]]:
    """What is worth showing under one heading: phases in their order, all else from the dearest down."""
    if key in {"chain", "run"}:
        return list(found[key].items())
    return sorted(((name, s) for name, s in found[key].items() if s >= _SHOWN), key=lambda line: -line[1])


def _events(folder: Path) -> list[dict[str, Any]]:
    store = Store.open(folder)
    try:
        log = store.run("latest").log
        content = store.blobs.get(log) if log else b""
    finally:
        store.close()
    events = [msgspec.json.decode(line) for line in content.splitlines()]
    return [{**event, "at": datetime.fromisoformat(event["at"]).timestamp()} for event in events]


def _by_events(
    events: Sequence[dict[str, Any]], *, began: float, ended: float
) -> tuple[dict[str, float], dict[str, float]]:
    first = next(event["at"] for event in events if event["event"] == "run_started")
    last = next(event["at"] for event in events if event["event"] == "run_finished")
    tasks = {str(name): _task(name, events) for name in {event.get("task") for event in events} - {None}}
    tasks = {name: phases for name, phases in tasks.items() if phases}
    start, stop = (
        "start of the process to start of the run",
        "end of the run to end of the process (seal, gate, report)",
    )
    run: dict[str, float] = defaultdict(float, {start: first - began})
    for phases in tasks.values():
        for name, seconds in phases["phases"].items():
            run[name] += seconds
    run[stop] = ended - last
    chain: dict[str, float] = defaultdict(float, {start: first - began})
    for task in _chain(tasks):
        for name, seconds in tasks[task]["phases"].items():
            chain[name] += seconds
    spent = sum(chain.values()) + ended - last
    chain["waiting for a core or for what is upstream, and between tasks"] = ended - began - spent
    chain[stop] = ended - last
    return dict(run), dict(chain)


def _task(name: str | None, events: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What one task did, by phase, in seconds; nothing for one that did not run."""
    own = [event for event in events if event.get("task") == name]
    times: dict[str, float] = {}
    for event in own:
        times.setdefault(f"first {event['event']}", event["at"])
        times[f"last {event['event']}"] = event["at"]
    if not {"first task_started", "last task_finished"} <= times.keys():
        return {}
    marks = [("", times["first task_started"])]
    for phase, mark in (
        ("deciding, and a kernel that is there", "first kernel_started"),
        ("kernel answers, first cell reached", "first cell_started"),
        ("cells", "last cell_finished"),
        ("kernel ended; notebook, products and records taken in", "last task_finished"),
    ):
        if mark in times:
            marks.append((phase, times[mark]))
    phases = {phase: at - before for (_, before), (phase, at) in pairwise(marks)}
    inside = sum(event.get("seconds", 0.0) for event in own if event["event"] == "cell_finished")
    if "cells" in phases:
        phases |= {"cells": inside, "between cells": phases["cells"] - inside}
    return {"start": marks[0][1], "end": marks[-1][1], "phases": phases}


def _chain(tasks: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """From the task that ended last back to the first: each time the one that ended last before it began."""
    chain: list[str] = []
    name = max(tasks, key=lambda one: tasks[one]["end"], default=None)
    while name is not None:
        chain.insert(0, name)
        begun = tasks[name]["start"]
        before = [one for one in tasks if tasks[one]["end"] <= begun + 0.002 and one not in chain]
        name = max(before, key=lambda one: tasks[one]["end"], default=None)
    return chain


def _by_package(output: str) -> dict[str, float]:
    """Self time of all modules of a package, by top-level package; the standard library counts as one."""
    found: dict[str, float] = defaultdict(float)
    for line in output.splitlines():
        match = _LINE.match(line)
        if match:
            package = match[4].partition(".")[0]
            found["the standard library" if package in sys.stdlib_module_names else package] += int(match[1]) / 1e6
    return dict(found)
