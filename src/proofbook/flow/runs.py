"""`proofbook runs`, `show` and `diff`: what was built, one run in full, what differs between two."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from proofbook.model.record import Record
from proofbook.model.run import Run
from proofbook.model.verdict import GateResult
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
        *_between("record", _records(old), _records(new)),
    ]
    keys = {task.name: task.key for task in old.tasks}
    same = sum(bool(task.key) and keys.get(task.name) == task.key for task in new.tasks)
    return Differences(old=old.number, new=new.number, differences=tuple(found), same_tasks=same)


def _between(
    about: Literal["parameter", "code", "data", "environment", "package", "record"],
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


def _records(run: Run) -> dict[str, str]:
    return {f"{record.task}/{record.name}": value_of(record) for record in run.records}


def value_of(record: Record) -> str:
    """A record's value as a person writes it; of large ones the beginning of the digest."""
    if record.unreadable is not None:
        return f"unreadable: {record.unreadable}"
    if record.special is not None:
        return record.special
    content = "" if record.blob is None else record.blob[:12]
    if record.kind in {"figure", "model"}:
        return f"{record.kind} {(record.plotted or record.blob or '')[:12]}".strip()
    if record.kind == "table":
        return f"table {_shape(record.value)} {content}".strip()
    return str(record.value)


def _shape(value: Any) -> str:
    if not isinstance(value, dict) or "rows" not in value:
        return ""
    columns = value.get("columns")
    count = len(columns) if isinstance(columns, list | dict) else columns
    return f"{value['rows']} rows, {count} columns"
