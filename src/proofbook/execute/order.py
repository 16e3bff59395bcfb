"""What is to be run, and what became of it."""

from typing import Literal

from msgspec import Struct

from proofbook.model.run import CellRun, Failure

__all__ = ["Order", "Outcome"]


class Order(Struct, frozen=True, kw_only=True):
    """What is to be run."""

    task: str
    notebook: bytes
    """An `.ipynb`, its parameters injected."""
    output: str
    """Absolute path at which the executed notebook is published at the end, however it ended."""
    root: str
    """Folder that the kernel works in."""
    kernel: str | None = None
    """None: the notebook's own, or else `python3`."""
    cell_timeout: float | None = None
    """Seconds."""
    task_timeout: float | None = None
    """Seconds."""
    project: str | None = None
    """Folder below which imported modules are reported."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of it."""

    status: Literal["succeeded", "failed", "cancelled"]
    notebook: bytes
    """As published."""
    cells: tuple[CellRun, ...]
    failure: Failure | None
    started: str
    seconds: float
    cpu_seconds: float
    peak_memory: int
    """Bytes."""
    modules: dict[str, str]
    """Project modules that the kernel had imported at the end: path relative to the project, to digest."""
    log: tuple[str, ...] = ()
    """What the worker and its libraries had to say beside the notebook."""
