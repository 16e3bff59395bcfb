"""What is to be run, and what became of it."""

from collections.abc import Mapping
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
    environment: Mapping[str, str] = {}
    """Variables that this notebook's kernel has beside those of the driver."""
    cell_timeout: float | None = None
    """Seconds."""
    task_timeout: float | None = None
    """Seconds."""
    memory_limit: int | None = None
    """Bytes that the kernel and all that it starts may hold, beyond what it shares with other kernels."""
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
    modules: dict[str, str] | None
    """Project modules that the kernel had imported at the end: path relative to the project, to digest. None where it
    did not say: then nobody can tell when this result is out of date."""
    imports: dict[str, float] = {}
    """Installed modules that the notebook imported, to seconds; 0.0 where they are unknown."""
    warm: bool = False
    """Whether its kernel came from the pool's template."""
    note: str = ""
    """Why its kernel was cold where a warm one was asked for."""
    postmortem: bytes | None = None
    """Of a failed cell: the frames and what they held, as JSON."""
    log: tuple[str, ...] = ()
    """What libraries had to say beside the notebook."""
