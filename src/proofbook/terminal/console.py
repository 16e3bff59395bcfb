"""`proofbook build --debug TASK`: when the task fails, its kernel stays alive and a console is attached to it here."""

import asyncio
import contextlib
import os
import signal
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from proofbook.model.run import Failure
from proofbook.terminal import say
from proofbook.terminal.progress import Progress
from proofbook.terminal.tables import one_line

if TYPE_CHECKING:
    from proofbook.kernels.local import LocalKernel

__all__ = ["Attach"]

_TERMINAL: Final = 0
_GRACE: Final = 2.0
"""Seconds that a console has to end when the build is told to."""


class Attach:
    """
    Call it with a task, its kernel, and how it failed; it comes back when the user has left the console.

    Args:
        progress: Leaves the terminal to the console meanwhile.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    async def __call__(self, task: str, kernel: "LocalKernel", failure: Failure) -> None:
        """Attach a console, or say how one gets there."""
        where = f" in cell {failure.cell}" if failure.cell else ""
        with self._progress.suspended():
            say.line()
            say.line(f"{one_line(task)} failed{where}: {one_line(failure.message)}", fg="red", bold=True)
            why_not = _why_not()
            if why_not:
                say.line(f"no console: {why_not}. Its kernel ends now; `proofbook debug latest {task}` shows what was")
                say.line("recorded of its variables when the build has ended.")
                return
            say.line("Its kernel is alive, and this is a console in it: look at its variables; `%debug` walks through")
            say.line("the traceback. With Ctrl-D or `exit` the kernel ends, and the build goes on to its end.")
            say.line()
            await _console(str(kernel.connection_file), kernel.pid or 0)


def _why_not() -> str:
    """Why no console can be attached here; empty where one can."""
    if not (os.isatty(_TERMINAL) and os.isatty(1)):
        return "standard input and output are no terminal"
    if os.tcgetpgrp(_TERMINAL) != os.getpgrp():
        return "the build runs in the background"
    if find_spec("jupyter_console") is None:
        return "jupyter_console is not installed (`pip install jupyter-console`)"
    return ""


async def _console(connection: str, kernel: int) -> None:
    command = [sys.executable, "-P", "-m", "proofbook.terminal.attached", connection, str(kernel)]
    with _lent():
        console = await asyncio.create_subprocess_exec(*command)
        try:
            await console.wait()
        finally:
            if console.returncode is None:
                await _ended(console)


async def _ended(console: asyncio.subprocess.Process) -> None:
    """The build was told to end: so is the console."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            console.send_signal(number)
        waiting = asyncio.ensure_future(console.wait())
        if (await asyncio.wait((waiting,), timeout=_GRACE))[0]:
            return


@contextmanager
def _lent() -> Iterator[None]:
    """The terminal is another's for a while: afterwards it is ours again, and as it was."""
    before = termios.tcgetattr(_TERMINAL)
    try:
        yield
    finally:
        # whoever is not in the foreground is stopped for setting a terminal, unless it ignores that
        ignored = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        with contextlib.suppress(OSError, termios.error):
            os.tcsetpgrp(_TERMINAL, os.getpgrp())
            termios.tcsetattr(_TERMINAL, termios.TCSADRAIN, before)
        signal.signal(signal.SIGTTOU, ignored)
