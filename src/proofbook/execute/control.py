"""Stops a notebook that runs: an interrupt first, then the end of its process."""

import asyncio
import signal
from collections.abc import Awaitable
from typing import Literal, TypeVar

from proofbook.kernels.local import LocalKernel

__all__ = ["GRACE", "Control", "Stop", "Stopped"]

GRACE = 2.0
"""Seconds that a cell has, between the interrupt and the kill, to clean up after itself."""

Kind = Literal["cancelled", "timeout", "out of memory"]
Stop = tuple[Kind, str]
"""Why it was stopped: the kind of failure, and how it is said."""
Result = TypeVar("Result")


class Stopped(Exception):  # noqa: N818 - no error: somebody asked for it
    """What was waited for does not count any more."""


class Control:
    """One notebook's brake. The first reason counts."""

    def __init__(self) -> None:
        self.stopped: Stop | None = None
        self.since: float | None = None
        """When that was, by the clock of the loop."""
        self._loop = asyncio.get_running_loop()
        self.pulled = self._loop.create_future()
        """Done when it is stopped."""
        self._kernel: LocalKernel | None = None
        self._in_cell = False
        self._killer: asyncio.TimerHandle | None = None

    def attach(self, kernel: LocalKernel) -> None:
        """Name the kernel that is to be stopped."""
        self._kernel = kernel
        if self.stopped:
            kernel.kill()

    def cell(self, running: bool) -> None:
        """Tell whether a cell runs: only a cell is interrupted, a kernel between cells is ended at once."""
        self._in_cell = running
        if not running:
            self._spare()

    def stop(self, kind: Kind, message: str) -> None:
        """Stop the notebook; no further cell starts."""
        if self.stopped is not None:
            return
        self.stopped = (kind, message)
        self.since = self._loop.time()
        if not self.pulled.done():
            self.pulled.set_result(None)
        if self._kernel is None:
            return
        if not self._in_cell or kind == "out of memory":
            self._kernel.kill()
            return
        self._kernel.signal_group(signal.SIGINT)
        self._killer = self._loop.call_later(GRACE, self._kernel.kill)

    def stop_from_outside(self, kind: Kind, message: str) -> None:
        """The same, from a signal handler or another thread."""
        self._loop.call_soon_threadsafe(self.stop, kind, message)

    def hurry(self) -> None:
        """End it now, without any grace."""
        self.stop("cancelled", "interrupted")
        if self._kernel is not None:
            self._kernel.kill()

    async def unless_stopped(self, work: Awaitable[Result]) -> Result:
        """
        Do some work that ends when the notebook is stopped.

        Raises:
            Stopped: It was stopped; the work is cancelled.
        """
        task = asyncio.ensure_future(work)
        try:
            await asyncio.wait((task, self.pulled), return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise Stopped
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    def release(self) -> None:
        """The notebook has ended: no kill may come late."""
        self._spare()
        self._kernel = None

    def _spare(self) -> None:
        if self._killer is not None:
            self._killer.cancel()
            self._killer = None
