"""Two runs beside each other: every record that either has is compared once, every unfinished task is said."""

from collections import Counter
from collections.abc import Sequence

from msgspec.structs import replace

import proofbook.gate.comparators  # noqa: F401  registers our own comparators
from proofbook.gate.pairs import compare_pair, lost, missing, new
from proofbook.gate.plugins import PluginError
from proofbook.gate.registry import Keep, Load, comparator_for, takes_history
from proofbook.model.record import Record
from proofbook.model.run import Run, TaskRun
from proofbook.model.verdict import Comparison

__all__ = ["compare_records", "compare_tasks"]

_Name = tuple[str, str]
"""Task and record: the same name in two tasks is two records."""

_STATUS = {"failed": "failed", "cancelled": "was cancelled", "skipped": "was skipped"}


def compare_tasks(candidate: Run, production: Run | None) -> list[Comparison]:
    """The candidate's tasks that did not finish, and production's tasks that are no longer there."""
    found = [_task(task, reason=_ending(task), failed=True) for task in _unfinished(candidate).values()]
    if production is None or candidate.scope == "partial":
        return found
    names = {task.name for task in candidate.tasks}
    gone = [task for task in production.tasks if task.name not in names]
    return found + [_task(task, reason="is no longer in the pipeline", failed=False) for task in gone]


def compare_records(
    candidate: Run,
    production: Run | None,
    *,
    load: Load,
    keep: Keep,
    channel: str,
    earlier: Sequence[Run] = (),
) -> list[Comparison]:
    """
    Every record that either run has, in the order of the pipeline.

    Args:
        candidate: The run to judge. Of a partial run only the tasks that were asked for are compared.
        production: The run to compare with.
        load: The bytes of a blob, by digest.
        keep: Stores evidence.
        channel: Name of the place where production stands.
        earlier: Comparable runs, oldest first, for comparators that ask for a record's history.
    """
    unfinished = _unfinished(candidate)
    tasks = _in_scope(candidate)
    left = _by_name(production.tasks if production else ())
    counts = _counts(production)
    if candidate.scope == "partial":
        names = {task.name for task in tasks}
        left = {name: record for name, record in left.items() if name[0] in names}
    moved = _moved(_by_name(tasks), left, unfinished=unfinished)
    past = _history(_by_name(tasks), earlier)
    because = f"no {channel} run yet" if production is None else f"new: no {channel} value yet"

    def compare_one(record: Record, *, task: TaskRun, times: int) -> Comparison:
        name = (task.name, record.name)
        old = left.pop(name, None)
        gates = record.rule.gates or (old is not None and old.rule.gates)
        if task.name in unfinished:
            return lost(record, gates=gates, because=f"its task {_STATUS[task.status]}")
        if times > 1:
            return lost(record, gates=gates, because=f"was recorded {times} times by one task")
        if old is not None:
            found = compare_pair(old, record, load=load, keep=keep, history=past.get(name, ()))
            return found if counts[name] == 1 else _of_several(found, times=counts[name])
        if name in moved:
            old = left.pop(moved[name])
            return _after_move(compare_pair(old, record, load=load, keep=keep), origin=moved[name][0])
        return new(record, load=load, keep=keep, because=because, gates=production is None)

    found: list[Comparison] = []
    for task in tasks:
        times = Counter(record.name for record in task.records)
        # of a name that was recorded twice the last stands for all: it fails in any case
        last = _by_name((task,)).values()
        found += [compare_one(record, task=task, times=times[record.name]) for record in last]
    for (task_name, _), record in left.items():
        if task_name in unfinished:
            status = _STATUS[unfinished[task_name].status]
            found.append(lost(record, gates=record.rule.gates, because=f"its task {status}"))
        else:
            found.append(missing(record))
    return found


def _counts(run: Run | None) -> Counter[_Name]:
    return Counter((task.name, record.name) for task in (run.tasks if run else ()) for record in task.records)


def _of_several(found: Comparison, *, times: int) -> Comparison:
    """Of several values of one name nobody knows which is production's: the last one, or the worst, is no measure."""
    if found.failed or found.verdict == "regressed":
        return found
    return replace(found, verdict="inconclusive", reason=f"production recorded it {times} times: {found.reason}")


def _history(records: dict[_Name, Record], earlier: Sequence[Run]) -> dict[_Name, tuple[Record, ...]]:
    """Earlier values of those records whose comparators ask for them."""
    wanted = {name for name, record in records.items() if earlier and _asks(record)}
    found: dict[_Name, list[Record]] = {name: [] for name in wanted}
    for run in earlier if wanted else ():
        for name, record in _by_name(run.tasks).items():
            if name in wanted:
                found[name].append(record)
    return {name: tuple(values) for name, values in found.items()}


def _asks(record: Record) -> bool:
    try:
        comparator = comparator_for(record)
    except PluginError:
        return False
    return comparator is not None and takes_history(comparator)


def _unfinished(run: Run) -> dict[str, TaskRun]:
    """The tasks that should have finished and did not; in a partial run, skipped means that nobody asked for it."""
    bad = {"failed", "cancelled"} if run.scope == "partial" else {"failed", "cancelled", "skipped"}
    return {task.name: task for task in run.tasks if task.status in bad}


def _in_scope(run: Run) -> tuple[TaskRun, ...]:
    return tuple(task for task in run.tasks if run.scope == "full" or task.status != "skipped")


def _by_name(tasks: tuple[TaskRun, ...]) -> dict[_Name, Record]:
    # the run says which task a record is of, whatever the record says
    return {
        (task.name, record.name): record if record.task == task.name else replace(record, task=task.name)
        for task in tasks
        for record in task.records
    }


def _task(task: TaskRun, *, reason: str, failed: bool) -> Comparison:
    return Comparison(
        record=task.name,
        task=task.name,
        kind="task",
        verdict="inconclusive" if failed else "changed",
        gates=failed,
        failed=failed,
        reason=reason,
        candidate=task.status if failed else None,
        change=None if failed else "gone",
    )


def _ending(task: TaskRun) -> str:
    if task.failure is None:
        return f"{_STATUS[task.status]}: {task.reason}" if task.reason else _STATUS[task.status]
    where = f" (cell {task.failure.cell})" if task.failure.cell else ""
    return f"{_STATUS[task.status]}: {' '.join(task.failure.message.split())}{where}"


def _moved(
    after: dict[_Name, Record], before: dict[_Name, Record], *, unfinished: dict[str, TaskRun]
) -> dict[_Name, _Name]:
    """Records that another task records now: only where name and kind leave no doubt which became which."""
    gone = [name for name in before if name not in after and name[0] not in unfinished]
    come = [name for name in after if name not in before]
    leaving, arriving = Counter(record for _, record in gone), Counter(record for _, record in come)
    origins = {record: (task, record) for task, record in gone if leaving[record] == 1}
    return {
        name: origins[name[1]]
        for name in come
        if arriving[name[1]] == 1 and name[1] in origins and before[origins[name[1]]].kind == after[name].kind
    }


def _after_move(found: Comparison, *, origin: str) -> Comparison:
    reason = f"moved here from task {origin}; {found.verdict}: {found.reason}"
    if found.verdict in {"pass", "improved"}:
        return replace(found, verdict="changed", reason=reason)
    return replace(found, reason=reason)
