"""`proofbook debug`: the post-mortem of a task that failed, from what its run recorded."""

import json
import re
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from proofbook.exceptions import BlobCorruptError, NotFoundError, StoreError, UsageError
from proofbook.model.pipeline import Pipeline
from proofbook.model.run import Run, TaskRun
from proofbook.store import Store

__all__ = ["Frame", "Postmortem", "postmortem", "require"]

_OF_A_CELL: Final = re.compile(r"/ipykernel_\d+/|^<ipython-input|^Cell In")
"""What IPython calls the file of a cell."""


class Frame(Struct, frozen=True, kw_only=True):
    """One call that was under way when the cell failed."""

    file: str
    line: int
    function: str
    source: tuple[tuple[int, str], ...] = ()
    """The lines around it, with their numbers."""
    locals: dict[str, str] = {}
    """Each variable, as `repr` wrote it."""
    cell: int = 0
    """Number of the notebook's cell that the code stands in; 0 where it is a file's."""

    @property
    def place(self) -> str:
        """`cell 7`, or the file."""
        return f"cell {self.cell}" if self.cell else self.file


class Postmortem(Struct, frozen=True, kw_only=True):
    """What a failed cell left."""

    run: int
    task: str
    error: str
    """`KeyError: 'x'`, in one line or more."""
    frames: tuple[Frame, ...]
    """The innermost is the last."""


class _Recorded(Struct, frozen=True):
    frames: tuple[Frame, ...] = ()
    error: str = ""


def postmortem(root: Path, reference: str, task: str) -> Postmortem:
    """
    What is recorded of a task's failure.

    Args:
        root: The folder of the pipeline.
        reference: A number, `latest`, a channel, digits of a digest.
        task: The task's name.

    Raises:
        NotFoundError: There is no such run or task, it did not fail, or it left no post-mortem.
        BlobCorruptError: The post-mortem is damaged.
    """
    with Store.open(root, create=False) as store:
        run = store.run(reference)
        found = _task(run, task)
        digest = _digest(run, found)
        try:
            recorded = msgspec.json.decode(store.blobs.get(digest), type=_Recorded)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise BlobCorruptError(f"the post-mortem of {task} in run {run.number} cannot be read ({error})") from None
        cells = _cells(store, found)
    if not recorded.frames:
        raise NotFoundError(
            f"nothing is recorded of the frames of {_named(run, found)}: {_look_at_the_log(run, found)}"
        )
    frames = tuple(msgspec.structs.replace(frame, cell=_cell_of(frame, cells, found)) for frame in recorded.frames)
    failure = found.failure.message if found.failure else ""
    return Postmortem(run=run.number, task=task, error=recorded.error or failure, frames=frames)


def require(pipeline: Pipeline, task: str) -> None:
    """Raises UsageError where `task` has no kernel that a console could be attached to."""
    kinds = {known.name: known.kind for known in pipeline.tasks}
    if task not in kinds:
        raise UsageError(f"there is no task {task!r} to debug; tasks: {', '.join(kinds) or 'none'}")
    if kinds[task] != "notebook":
        raise UsageError(f"task {task!r} is no notebook: it has no kernel that a console could be attached to")


def _task(run: Run, name: str) -> TaskRun:
    for task in run.tasks:
        if task.name == name:
            return task
    known = ", ".join(task.name for task in run.tasks) or "none"
    raise NotFoundError(f"run {run.number} has no task {name!r}; its tasks: {known}")


def _digest(run: Run, task: TaskRun) -> str:
    if task.failure is None:
        failed = ", ".join(other.name for other in run.tasks if other.failure is not None)
        hint = f"; these failed: {failed}" if failed else ", nor did any other task"
        said = "it ran" if task.status == "ran" else f"it is {task.status}"
        raise NotFoundError(f"{_named(run, task)} did not fail, {said}{hint}")
    if task.postmortem is None:
        raise NotFoundError(
            f"{_named(run, task)} left no post-mortem ({task.failure.message}): {_look_at_the_log(run, task)}"
        )
    return task.postmortem


def _named(run: Run, task: TaskRun) -> str:
    return f"task {task.name} of run {run.number}"


def _look_at_the_log(run: Run, task: TaskRun) -> str:
    return f"`proofbook logs {run.number} {task.name}` shows what it did until then"


def _cells(store: Store, task: TaskRun) -> dict[int, list[str]]:
    """The lines of each code cell of the executed notebook; none where it cannot be read."""
    try:
        notebook: Any = json.loads(store.blobs.get(task.notebook)) if task.notebook else {}
        cells = notebook.get("cells", [])
        return {
            number: "".join(cell["source"]).splitlines()
            for number, cell in enumerate(cells, start=1)
            if cell.get("cell_type") == "code"
        }
    except (StoreError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def _cell_of(frame: Frame, cells: dict[int, list[str]], task: TaskRun) -> int:
    """The cell that a frame's code stands in, known by its lines: IPython gives each cell a file that never was."""
    if not _OF_A_CELL.search(frame.file):
        return 0
    failing = task.failure.cell if task.failure else 0
    # the failing cell first: another may hold the same lines
    for number in sorted(cells, key=lambda number: number != failing):
        lines = cells[number]
        if frame.source and all(0 < at <= len(lines) and lines[at - 1][:300] == text for at, text in frame.source):
            return number
    return failing if frame.function == "<module>" else 0
