"""Stops a notebook that runs, from any thread or signal handler: an interrupt first, then the end of its process."""

import signal
import threading
from typing import Literal

from proofbook.execute.kernel import LocalKernel

__all__ = ["GRACE", "Control", "Stop"]

GRACE = 2.0
"""Seconds that a cell has, between the interrupt and the kill, to clean up after itself."""

Stop = tuple[Literal["cancelled", "timeout"], str]
"""Why it was stopped: the kind of failure, and how it is said."""


class Control:
    """One notebook's brake. The first reason counts."""

    def __init__(self) -> None:
        self.stopped: Stop | None = None
        self._kernel: LocalKernel | None = None
        self._in_cell = False
        self._killer: threading.Timer | None = None

    def attach(self, kernel: LocalKernel) -> None:
        """Name the kernel that is to be stopped."""
        self._kernel = kernel
        if self.stopped:
            kernel.kill()

    def cell(self, running: bool) -> None:
        """Tell whether a cell runs: only a cell is interrupted, a kernel between cells is ended at once."""
        self._in_cell = running

    def stop(self, kind: Literal["cancelled", "timeout"], message: str) -> None:
        """Stop the notebook; no further cell starts."""
        if self.stopped is not None:
            return
        self.stopped = (kind, message)
        if self._kernel is None:
            return
        if not self._in_cell:
            self._kernel.kill()
            return
        self._kernel.signal_group(signal.SIGINT)
        self._killer = threading.Timer(GRACE, self._kernel.kill)
        self._killer.daemon = True
        self._killer.start()

    def release(self) -> None:
        """The notebook has ended: no kill may come late."""
        if self._killer is not None:
            self._killer.cancel()
        self._kernel = None
