"""Runs one task's notebook in a subprocess of its own, and always comes back with a truthful notebook."""

import asyncio
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from proofbook.analyze import fingerprint
from proofbook.disk import atomic, spool
from proofbook.execute import truth
from proofbook.execute.order import Order, Outcome
from proofbook.execute.session import Event, Session, parsed

__all__ = ["Order", "Outcome", "run"]

_FOREIGN = {"site-packages", "dist-packages"}


async def run(order: Order, *, on_event: Callable[[Event], None]) -> Outcome:
    """
    Run a notebook.

    When this is cancelled it interrupts the cell, waits a few seconds for a good end, and returns an outcome of status
    `cancelled` instead of raising; when it is cancelled again meanwhile it ends all at once. Nothing is left alive.

    Args:
        order: What to run.
        on_event: Called with `cell_started` and `cell_finished` (`cell`, `id`, `cells`, `status`, `seconds` ...), and
            `log` (`level`, `message`).

    Raises:
        MachineError: The executed notebook cannot be written.
    """
    session = Session(order, on_event)
    began = time.monotonic()
    with spool.folder(short=True) as folder:
        try:
            await session.run(folder)
        except asyncio.CancelledError:
            # before there was a worker to interrupt
            session.cancelled()
        saved = _read(folder / "out.ipynb")
    seconds = time.monotonic() - began
    content, failure = session.truth(saved, seconds)
    atomic.write(Path(order.output), content)
    finished = session.finished or {}
    return Outcome(
        status="succeeded" if failure is None else "cancelled" if failure.kind == "cancelled" else "failed",
        notebook=content,
        cells=truth.cell_runs(parsed(content) or {}),
        failure=failure,
        started=session.started,
        seconds=seconds,
        cpu_seconds=finished.get("cpu_seconds", 0.0),
        peak_memory=finished.get("peak_memory", 0),
        modules=_modules(finished.get("modules", ()), order.project),
        log=tuple(session.log),
    )


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _modules(files: Any, project: str | None) -> dict[str, str]:
    """The project's own modules among `files`: nothing installed, be the environment below the project or beside it."""
    if project is None:
        return {}
    root = Path(project).resolve()
    ours = Path(__file__).resolve().parents[1]
    installed = [Path(sys.prefix).resolve(), Path(sysconfig.get_path("stdlib")).resolve(), ours]
    found: dict[str, str] = {}
    for file in files:
        path = Path(file).resolve()
        foreign = any(path.is_relative_to(folder) for folder in installed) or _FOREIGN & set(path.parts)
        if path.is_relative_to(root) and path.suffix == ".py" and not foreign and path.is_file():
            found[path.relative_to(root).as_posix()] = fingerprint.of_module(path)
    return dict(sorted(found.items()))
