"""`proofbook runs`, `show` and `diff`: what was built, one run in full, what differs between two."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from proofbook.gate.numbers import describe, pair
from proofbook.model.record import Record
from proofbook.model.run import Run
from proofbook.model.verdict import GateResult
from proofbook.report import words
from proofbook.store import RunSummary, Store

__all__ = ["Difference", "Differences", "Shown", "compare", "diff", "runs", "show", "value_of"]


class Shown(Struct, frozen=True, kw_only=True):
    """One run, with its identity, what the gate said of it, and the channels that hold it."""

    manifest: str
    run: Run
    gate: GateResult | None = None
    channels: tuple[str, ...] = ()


class Difference(Struct, frozen=True, kw_only=True):
    """One thing that is not the same in two runs."""

    about: Literal["parameter", "code", "data", "environment", "package", "task", "record"]
    name: str
    old: str | None
    """How a person writes it; None where it was not there."""
    new: str | None


class Differences(Struct, frozen=True, kw_only=True):
    """What differs between two runs."""

    old: int
    new: int
    differences: tuple[Difference, ...]
    same_tasks: int
    """Tasks that depended on the same and were therefore the same."""


def runs(root: Path, *, limit: int | None = 20) -> tuple[RunSummary, ...]:
    """The newest runs, newest first."""
    with Store.open(root, create=False) as store:
        return store.runs(limit)


def show(root: Path, reference: str = "latest") -> Shown:
    """One run in full. Raises NotFoundError, BlobCorruptError."""
    with Store.open(root, create=False) as store:
        number = store.number(reference)
        holding = tuple(name for name in store.channels() if store.number(name) == number)
        return Shown(manifest=store.manifest(number), run=store.run(number), gate=store.gate(number), channels=holding)


def diff(root: Path, old: str, new: str = "latest") -> Differences:
    """What differs between two runs, from `old` to `new`. Raises NotFoundError, BlobCorruptError."""
    with Store.open(root, create=False) as store:
        return compare(store.run(old), store.run(new))


def compare(old: Run, new: Run) -> Differences:
    """What differs between two runs in parameters, code, data, environment, tasks and records."""
    found = [
        *_between("parameter", old.parameters, new.parameters),
        *_between("code", _code(old), _code(new)),
        *_between("data", old.data, new.data, short=True),
        *_between("environment", _environment(old), _environment(new)),
        *_between("package", old.environment.packages, new.environment.packages),
        *_tasks(old, new),
        *_records(old, new),
    ]
    keys = {task.name: task.key for task in old.tasks}
    same = sum(bool(task.key) and keys.get(task.name) == task.key for task in new.tasks)
    return Differences(old=old.number, new=new.number, differences=tuple(found), same_tasks=same)


def _between(
    about: Literal["parameter", "code", "data", "environment", "package"],
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    *,
    short: bool = False,
) -> list[Difference]:
    def written(values: Mapping[str, Any], name: str) -> str | None:
        if name not in values:
            return None
        return str(values[name])[:12] if short else str(values[name])

    return [
        Difference(about=about, name=name, old=written(old, name), new=written(new, name))
        for name in dict.fromkeys((*old, *new))
        if (name in old, old.get(name)) != (name in new, new.get(name))
    ]


def _code(run: Run) -> dict[str, str]:
    found = {"commit": run.code.commit[:12] if run.code.commit else "none"}
    found["uncommitted"] = run.code.patch[:12] if run.code.patch else "nothing"
    return found


def _environment(run: Run) -> dict[str, str]:
    environment = run.environment
    lock = environment.lock[:12] if environment.lock else "none"
    return {"python": environment.python, "system": environment.system, "cpus": str(environment.cpus), "lock": lock}


def _tasks(old: Run, new: Run) -> list[Difference]:
    before, after = {task.name: task for task in old.tasks}, {task.name: task for task in new.tasks}
    found = []
    for name in dict.fromkeys((*before, *after)):
        was, now = before.get(name), after.get(name)
        if was is None or now is None:
            old_status, new_status = (None if task is None else task.status for task in (was, now))
            found.append(Difference(about="task", name=name, old=old_status, new=new_status))
        elif was.key != now.key:
            names = dict.fromkeys((*was.inputs, *now.inputs))
            parts = [part for part in names if was.inputs.get(part) != now.inputs.get(part)]
            why = f" ({', '.join(parts)})" if parts else ""
            old_key, new_key = (task.key[:12] or "no key" for task in (was, now))
            found.append(Difference(about="task", name=name, old=old_key, new=new_key + why))
    return found


def _records(old: Run, new: Run) -> list[Difference]:
    before, after = ({f"{record.task}/{record.name}": record for record in run.records} for run in (old, new))
    found = []
    for name in dict.fromkeys((*before, *after)):
        was, now = before.get(name), after.get(name)
        # what they hold is compared, and not how it is written: 0.96667 and 0.96668 are both written 0.9667
        if was is not None and now is not None and _held(was) == _held(now):
            continue
        old_side, new_side = _sides(was, now)
        found.append(Difference(about="record", name=name, old=old_side, new=new_side))
    return found


def _held(record: Record) -> bytes:
    return msgspec.json.encode([
        record.kind, record.value, record.special, record.blob, record.plotted, record.unreadable,
    ])  # fmt: skip


def _sides(was: Record | None, now: Record | None) -> tuple[str | None, str | None]:
    if was is None or now is None:
        return value_of(was) if was else None, value_of(now) if now else None
    if _is_number(was) and _is_number(now) and was.value != now.value:
        return pair(was.value, now.value)[:2]
    old, new = value_of(was), value_of(now)
    if old != new:
        return old, new
    # they differ in what a person's words leave out
    before, after = next(each for each in zip(_details(was), _details(now), strict=True) if each[0] != each[1])
    return f"{old} ({before})", f"{new} ({after})"


def _details(record: Record) -> tuple[str, ...]:
    digests = (record.plotted or "no plotted data", record.blob or "nothing kept", sha256(_held(record)).hexdigest())
    return (record.kind, type(record.value).__name__, *(digest[:15] for digest in digests))


def _is_number(record: Record) -> bool:
    value = record.value
    return record.kind == "scalar" and isinstance(value, int | float) and not isinstance(value, bool)


def value_of(record: Record) -> str:
    """A record's value in one line, as the gate writes it; of a large one its shape or size."""
    if record.unreadable is not None:
        return f"unreadable: {describe(record.unreadable)}"
    if record.special is not None:
        return describe(float(record.special))
    value = record.value if isinstance(record.value, dict) else {}
    if record.kind in {"table", "profile"}:
        return _shape(value) or record.kind
    if record.kind == "model":
        size = value.get("size")
        return words.size(size) if isinstance(size, int) else record.kind
    return record.kind if record.kind == "figure" else describe(record.value)


def _shape(value: dict[str, Any]) -> str:
    rows, columns = value.get("rows"), value.get("columns")
    if isinstance(columns, list | dict):
        columns = len(columns)
    counted = [words.plural(rows, "row")] if isinstance(rows, int) else []
    return ", ".join(counted + ([words.plural(columns, "column")] if isinstance(columns, int) else []))
