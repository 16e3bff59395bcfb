"""How a cell ended, when it did not end well: in the words of a failure."""

from typing import Any

from msgspec import Struct

from proofbook.execute import truth
from proofbook.execute.control import Stop
from proofbook.execute.libraries import CellExecutionError
from proofbook.execute.memory import Guard
from proofbook.model.run import Failure

__all__ = ["Ending", "judged"]

_TRACEBACK_LIMIT = 100_000
_STOPPED_AS = {"timeout": "TimeoutError", "out of memory": "MemoryError", "cancelled": "KeyboardInterrupt"}


class Ending(Struct, kw_only=True):
    """What is known when a cell has ended."""

    cell: int
    """Its number, from 1."""
    cell_id: str
    error: CellExecutionError | None = None
    """What the kernel said it raised, where that is not allowed."""
    reply: dict[str, Any] = {}
    stopped: Stop | None = None
    dead: str | None = None
    """How the kernel's process ended, if it has."""
    silent: bool = False
    """The kernel replied, and then its outputs did not arrive."""
    guard: Guard | None = None


def judged(ending: Ending) -> tuple[Failure, str] | None:
    """What happened, and the name that an error output has for it; None if all is well."""
    found = _judged(ending)
    if found is None:
        return None
    kind, message, ename = found
    error = ending.error
    traceback = truth.plain_text(error.traceback)[-_TRACEBACK_LIMIT:] if error is not None else ""
    failure = Failure(kind=kind, message=message, cell=ending.cell, cell_id=ending.cell_id, traceback=traceback)
    return failure, ename


def _judged(ending: Ending) -> tuple[Any, str, str] | None:
    """Kind, message, name of the error."""
    error, guard = ending.error, ending.guard
    if ending.stopped:
        kind, message = ending.stopped
        return kind, message, _STOPPED_AS[kind]
    if any(part.get("source") == "ask_exit" for part in ending.reply.get("payload") or ()):
        return "exit", "exit() ended the notebook at this cell", "SystemExit"
    if error is not None:
        if error.ename == "SystemExit":
            return "exit", f"sys.exit({error.evalue}) ended the notebook at this cell", "SystemExit"
        if guard is not None and error.ename.endswith("MemoryError"):
            return "out of memory", guard.message(ending.cell), error.ename
        first = truth.plain_text(error.evalue).strip().splitlines()[:1]
        return "exception", ": ".join([error.ename, *first])[:1000], error.ename
    if ending.silent:
        return "error", "the cell ended, but its outputs did not arrive", "TimeoutError"
    if not ending.reply:
        dead = ending.dead or "it does not answer"
        if guard is not None and dead == "signal 9" and guard.was_near():
            return "out of memory", guard.message(ending.cell), "MemoryError"
        return "kernel died", f"kernel died ({dead})", "DeadKernelError"
    return None
