"""One build, sealed. The manifest is this, as canonical JSON; its SHA-256 is the run's identity."""

from typing import Any, Literal

import msgspec
from msgspec import Struct

from proofbook.model.contract import Checked
from proofbook.model.record import Record

__all__ = ["Attempt", "CellRun", "Code", "Environment", "Failure", "Product", "Run", "TaskRun", "canonical"]

Ending = Literal["succeeded", "failed", "cancelled", "interrupted"]


class Failure(Struct, frozen=True, kw_only=True):
    """Why a task failed, and where."""

    kind: Literal["exception", "timeout", "kernel died", "out of memory", "exit", "cancelled", "product", "error"]
    """
    `kernel died`: its process was lost, and nobody of ours ended it. `out of memory`: it went over its memory limit,
    and was ended for that. `product`: a declared product was not written. `error`: outside any cell.
    """
    message: str
    """One line: `ValueError: ...`, `kernel died (signal 9)`, `cell timeout after 60 s` ..."""
    cell: int = 0
    cell_id: str = ""
    traceback: str = ""
    """Plain text, no colours."""


class CellRun(Struct, frozen=True, kw_only=True):
    """What one code cell took."""

    number: int
    id: str
    status: Literal["completed", "failed", "pending"]
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory: int = 0
    """Bytes: largest resident size of the kernel seen by the end of the cell."""


class Product(Struct, frozen=True, kw_only=True):
    """A file (or folder, then `folder` lists its files) that a task wrote, by content."""

    path: str
    digest: str
    size: int
    folder: dict[str, str] | None = None


class Attempt(Struct, frozen=True, kw_only=True):
    """An attempt that failed, and after which the task was tried again."""

    failure: Failure
    started: str = ""
    seconds: float = 0.0
    notebook: str | None = None
    """Digest of the notebook as it was executed so far."""


class TaskRun(Struct, frozen=True, kw_only=True):
    """What became of one task in one run."""

    name: str
    status: Literal["ran", "restored", "up-to-date", "failed", "cancelled", "skipped"]
    """`skipped`: something upstream failed, or it was not asked for."""
    reason: str = ""
    """Why it ran, was restored, failed or was skipped, in one line."""
    source: str | None = None
    key: str = ""
    """Digest of all that it depends on."""
    inputs: dict[str, Any] = {}
    """The parts of the key by name, so that a person can see what changed."""
    params: dict[str, Any] = {}
    upstream: tuple[str, ...] = ()
    products: dict[str, Product] = {}
    notebook: str | None = None
    """Digest of the executed notebook, of a failed task too."""
    records: tuple[Record, ...] = ()
    cells: tuple[CellRun, ...] = ()
    modules: dict[str, str] = {}
    """Project modules that the kernel had imported at the end: path to digest."""
    started: str = ""
    seconds: float = 0.0
    """Of the run that did the work, also where this one reused it."""
    cpu_seconds: float = 0.0
    peak_memory: int = 0
    made_by: int | None = None
    """Number of the run that did the work, where this one reused it."""
    failure: Failure | None = None
    attempts: tuple[Attempt, ...] = ()
    """Those before the last one, oldest first; the task's own fields tell of the last one only."""
    kernel: Literal["", "warm", "cold"] = ""
    """How its kernel was started; empty for tasks that have none."""
    kernel_note: str = ""
    """Why its kernel was started cold, where it should have been warm."""
    memory_limit: int | None = None
    """Bytes beyond which it would have been ended."""
    imports: dict[str, float] = {}
    """Modules that its kernel had imported at the end: name to seconds, 0.0 where unknown or already there."""
    contracts: tuple[Checked, ...] = ()
    """What the contracts of its data said before it ran."""
    postmortem: str | None = None
    """Digest of what was in the frames of the cell that failed, as JSON."""


class Code(Struct, frozen=True, kw_only=True):
    """The version-control state: commit, and what was not committed."""

    commit: str | None = None
    branch: str | None = None
    dirty: bool = False
    patch: str | None = None
    """Digest of the uncommitted difference, where there is one."""


class Environment(Struct, frozen=True, kw_only=True):
    """What it ran on."""

    python: str = ""
    system: str = ""
    cpus: int = 0
    lock: str | None = None
    """Digest of the lock file, where there is one."""
    packages: dict[str, str] = {}
    """Installed distributions: name to version."""


class Run(Struct, frozen=True, kw_only=True):
    """A sealed run."""

    format: int = 1
    number: int
    pipeline: str
    ending: Ending
    scope: Literal["full", "partial"] = "full"
    started: str
    finished: str
    seconds: float
    parameters: dict[str, Any] = {}
    """The pipeline's env: `{{as_of}}` and the like, as resolved."""
    data: dict[str, str] = {}
    """Declared data files: path to digest."""
    files: dict[str, str] = {}
    """
    Files of the project that are kept with the run, path to digest: what its tasks imported, their sources, the
    pipeline's file, its lock file, and declared data files that are small.
    """
    texts: dict[str, str] = {}
    """Task that is no notebook, to the digest of its source as Ploomber rendered it."""
    code: Code = Code()
    environment: Environment = Environment()
    tasks: tuple[TaskRun, ...] = ()
    findings: int = 0
    """How many lint warnings it went ahead with."""
    log: str | None = None
    """Digest of the log: one JSON object a line."""

    @property
    def records(self) -> tuple[Record, ...]:
        """All records of all tasks, in pipeline order."""
        return tuple(record for task in self.tasks for record in task.records)


def canonical(value: Any) -> bytes:
    """`value` as JSON that has one form only: keys sorted, no white space, UTF-8."""
    return msgspec.json.encode(value, order="sorted")
