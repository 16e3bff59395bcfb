"""What the tasks and cells of a run took: time, processor, memory, kernels, attempts."""

from typing import Final

from markupsafe import Markup
from msgspec import Struct
from msgspec.structs import replace

from proofbook.model.run import CellRun, Run, TaskRun
from proofbook.report import words
from proofbook.report.text import coloured

__all__ = ["AttemptLine", "CellLine", "TaskLine", "attempts", "largest", "of_task", "slowest", "task_lines"]

_TOP: Final = 10
_TOP_OF_TASK: Final = 3
_BAR: Final = 96.0
_LEAST: Final = 1_000_000
"""Bytes by which a cell must have raised the peak of its kernel to be named for it."""
_NEAR: Final = 0.9
"""Share of its memory limit from which on a task is close to it."""


class TaskLine(Struct, frozen=True, kw_only=True):
    """What one task took."""

    number: int
    name: str
    status: str
    reason: str
    made_by: int | None
    upstream: tuple[str, ...]
    seconds: float
    cpu_seconds: float
    peak_memory: int
    bar: float
    """Pixels, of 96 for the longest."""
    limit: str = ""
    """`45% of 2 GB`, where it had a limit."""
    near: bool = False
    """Whether it came close to the limit."""
    kernel: str = ""
    note: str = ""
    """Why its kernel was started cold."""
    attempts: int = 1


class CellLine(Struct, frozen=True, kw_only=True):
    """What one cell took."""

    task: int
    task_name: str
    number: int
    seconds: float
    cpu_seconds: float
    peak_memory: int
    """Of its kernel, until the cell had ended."""
    rise: int
    """Bytes that the cell added to the peak; 0 for the first one, whose kernel had its memory before."""
    bar: float


class AttemptLine(Struct, frozen=True, kw_only=True):
    """An attempt that failed, and after which the task was tried again."""

    task: int
    task_name: str
    number: int
    count: int
    """Of all attempts at the task, the last one too."""
    cell: int
    seconds: float
    message: str
    traceback: Markup | None


def task_lines(run: Run) -> tuple[TaskLine, ...]:
    """All tasks, in the order of the pipeline."""
    longest = max((task.seconds for task in run.tasks), default=0.0)
    return tuple(_line(number, task, longest) for number, task in enumerate(run.tasks, start=1))


def slowest(run: Run) -> tuple[CellLine, ...]:
    """The cells that took longest, of the tasks that did work in this run."""
    cells = [cell for line in _worked(run) for cell in line if cell.seconds > 0]
    return _ranked(cells, by="seconds", top=_TOP)


def largest(run: Run) -> tuple[CellLine, ...]:
    """The cells in which kernels came to hold most memory; of each kernel only those that raised its peak."""
    cells = [cell for line in _worked(run) for cell in line if cell.rise >= _LEAST]
    return _ranked(cells, by="peak_memory", top=_TOP)


def of_task(task: TaskRun, *, number: int) -> tuple[tuple[CellLine, ...], tuple[CellLine, ...]]:
    """The slowest cells of one task, and those that took most memory; nothing where it has only one of them."""
    cells = _cells(number, task)
    slow = _ranked([cell for cell in cells if cell.seconds >= 0.005], by="seconds", top=_TOP_OF_TASK)
    large = _ranked([cell for cell in cells if cell.rise >= _LEAST], by="rise", top=_TOP_OF_TASK)
    return (slow if len(cells) > 1 else ()), large


def attempts(run: Run) -> tuple[AttemptLine, ...]:
    """Every attempt that failed and was made good by another, or was at least followed by one."""
    return tuple(
        AttemptLine(
            task=number,
            task_name=task.name,
            number=count,
            count=len(task.attempts) + 1,
            cell=attempt.failure.cell,
            seconds=attempt.seconds,
            message=attempt.failure.message,
            traceback=coloured(attempt.failure.traceback) if attempt.failure.traceback else None,
        )
        for number, task in enumerate(run.tasks, start=1)
        if _did_work(task)
        for count, attempt in enumerate(task.attempts, start=1)
    )


def _line(number: int, task: TaskRun, longest: float) -> TaskLine:
    worked = _did_work(task)
    limit = task.memory_limit if worked and task.peak_memory else None
    share = task.peak_memory / limit if limit else 0.0
    return TaskLine(
        number=number,
        name=task.name,
        status=task.status,
        reason=task.reason,
        made_by=task.made_by,
        upstream=task.upstream,
        seconds=task.seconds,
        cpu_seconds=task.cpu_seconds,
        peak_memory=task.peak_memory,
        bar=_bar(task.seconds, longest),
        limit=f"{share:.0%} of {words.size(limit)}" if limit else "",
        near=share >= _NEAR,
        kernel=task.kernel if worked else "",
        note=task.kernel_note if worked else "",
        attempts=len(task.attempts) + 1 if worked else 1,
    )


def _worked(run: Run) -> list[list[CellLine]]:
    return [_cells(number, task) for number, task in enumerate(run.tasks, start=1) if _did_work(task)]


def _cells(number: int, task: TaskRun) -> list[CellLine]:
    lines, peak = [], 0
    for cell in task.cells:
        lines.append(_of_cell(number, task, cell, rise=max(cell.peak_memory - peak, 0) if peak else 0))
        peak = max(peak, cell.peak_memory)
    return lines


def _of_cell(number: int, task: TaskRun, cell: CellRun, *, rise: int) -> CellLine:
    return CellLine(
        task=number,
        task_name=task.name,
        number=cell.number,
        seconds=cell.seconds,
        cpu_seconds=cell.cpu_seconds,
        peak_memory=cell.peak_memory,
        rise=rise,
        bar=0.0,
    )


def _ranked(cells: list[CellLine], *, by: str, top: int) -> tuple[CellLine, ...]:
    def amount(cell: CellLine) -> float:
        return float(getattr(cell, by))

    ordered = sorted(cells, key=lambda cell: (-amount(cell), cell.task, cell.number))[:top]
    most = amount(ordered[0]) if ordered else 0.0
    return tuple(replace(cell, bar=_bar(amount(cell), most)) for cell in ordered)


def _did_work(task: TaskRun) -> bool:
    return task.status in ("ran", "failed", "cancelled")


def _bar(amount: float, most: float) -> float:
    return round(max(amount / most * _BAR, 1.0), 1) if 0 < most < float("inf") and amount > 0 else 0.0
