"""Runs a function in a process of its own: what it does to itself, or with `os._exit` to its process, hurts nobody."""

import asyncio
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable

import msgspec

from proofbook.model.run import Failure

__all__ = ["run"]

_REPORT_LIMIT = 1 << 20


async def run(function: Callable[[], None], *, limit: float | None = None) -> Failure | None:
    """
    Call `function` in a forked process, and say how that failed; None where it returned.

    Ending without returning is a failure, whatever the exit code: `sys.exit(0)` and `os._exit(0)` among it. On
    cancellation and on timeout the process is killed, with all that it started in its session.

    Args:
        function: Takes nothing, returns nothing; what it changes in memory is lost.
        limit: Seconds that it may take.
    """
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    with warnings.catch_warnings():
        # a fork beside threads: Ploomber's own executors do the same, and the child runs nothing but the function
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        os.close(reading)
        _child(function, writing)
    os.close(writing)
    try:
        report, status = await asyncio.wait_for(_ended(child, reading), limit)
    except TimeoutError:
        return Failure(kind="timeout", message=f"task timeout after {limit:g} s")
    except asyncio.CancelledError:
        return Failure(kind="cancelled", message="interrupted")
    finally:
        os.close(reading)
    if report:
        said = msgspec.json.decode(report, type=Failure | bool)
        return None if said is True else said if isinstance(said, Failure) else None
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return Failure(kind="exit", message=f"its process died ({signal.Signals(number).name})")
    return Failure(kind="exit", message=f"it ended its process with {os.WEXITSTATUS(status)}")


async def _ended(child: int, reading: int) -> tuple[bytes, int]:
    """What the child said and how it ended; kills it when nobody waits any more."""
    loop = asyncio.get_running_loop()
    waiting = loop.run_in_executor(None, _wait, child, reading)
    try:
        return await asyncio.shield(waiting)
    except asyncio.CancelledError:
        for kill, number in ((os.killpg, child), (os.kill, child)):
            try:
                kill(number, signal.SIGKILL)
            except ProcessLookupError:
                continue
        await waiting
        raise


def _wait(child: int, reading: int) -> tuple[bytes, int]:
    report = b""
    while len(report) < _REPORT_LIMIT and (piece := os.read(reading, 1 << 16)):
        report += piece
    return report, os.waitpid(child, 0)[1]


def _child(function: Callable[[], None], writing: int) -> None:
    """The life of the child: never returns."""
    report: Failure | bool = True
    try:
        os.setsid()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        function()
    except SystemExit as error:
        report = Failure(kind="exit", message=f"the task called sys.exit({error.code!r})")
    except BaseException as error:  # noqa: BLE001 - whatever a user's task raises is its failure, not ours
        report = _failure(error)
    try:
        sys.stdout.flush()
        sys.stderr.flush()
        with os.fdopen(writing, "wb") as file:
            file.write(msgspec.json.encode(report))
    finally:
        os._exit(0)


def _failure(error: BaseException) -> Failure:
    """The first cause, and the whole chain: what wraps it says only that a task failed."""
    cause = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    lines = str(cause).splitlines()
    message = f"{type(cause).__name__}: {lines[0]}" if lines else type(cause).__name__
    shown = "".join(traceback.format_exception(error))
    return Failure(kind="exception", message=message[:500], traceback=shown[-_REPORT_LIMIT // 4 :])
