"""Kernels where there is no keeper, which needs Linux: started by the driver itself, each cold."""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import psutil

from proofbook.disk import spool
from proofbook.kernels.line import Kept, Line

__all__ = ["DirectLine"]

_TICK = 0.02
_DEAD = 5.0


class DirectLine(Line):
    """What a line to a keeper offers, without the keeper: kernels are this process's children."""

    def __init__(self, *, on_note: Callable[[str], None]) -> None:
        super().__init__(on_note=on_note)
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._folders = ExitStack()

    def start(self, *, after: Line | None = None) -> None:  # noqa: ARG002  there is no keeper that could die
        """Make the folder for sockets."""
        self.folder = self._folders.enter_context(spool.folder(short=True))

    def cold(self, *, argv: list[str], env: dict[str, str], cwd: str) -> Kept:
        """Start a kernel's program."""
        kept = self._new()
        nothing = subprocess.DEVNULL
        # by it ipykernel notices, within seconds, that the driver is gone
        env = {**env, "JPY_PARENT_PID": str(os.getpid())}
        try:
            child = subprocess.Popen(
                argv, env=env, cwd=cwd, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True
            )
        except OSError as error:
            kept.failed = f"{error.strerror}: {error.filename}"
        else:
            self._children[kept.name], kept.pid = child, child.pid
        return kept

    def signal(self, kept: Kept, number: int, *, tree: bool = False) -> None:
        """Signal a kernel's group; with `tree` also what left the group."""
        self.pump()
        if kept.over or kept.pid is None:
            return
        below: list[psutil.Process] = []
        with contextlib.suppress(psutil.Error):
            below = psutil.Process(kept.pid).children(recursive=True) if tree else []
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(kept.pid, number)
        for process in below:
            with contextlib.suppress(psutil.Error):
                process.send_signal(number)

    def pump(self) -> None:
        """Look which have ended."""
        for name, child in [*self._children.items()]:
            kept = self._kernels.get(name)
            if child.poll() is not None:
                del self._children[name]
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(child.pid, signal.SIGKILL)
                if kept is not None:
                    kept.code = child.returncode

    async def until(self, condition: Callable[[], bool], *, timeout: float | None = None) -> bool:  # noqa: ASYNC109
        """Wait for `condition`, looking fifty times a second."""
        deadline = None if timeout is None else time.monotonic() + timeout
        self.pump()
        while not condition():
            if deadline is not None and time.monotonic() >= deadline:
                return False
            await asyncio.sleep(_TICK)
            self.pump()
        return True

    async def close(self) -> None:
        """End all kernels."""
        left = [kept for kept in self._kernels.values() if not kept.over]
        for kept in left:
            self.signal(kept, signal.SIGKILL, tree=True)
        await self.until(lambda: all(kept.over for kept in left), timeout=_DEAD)
        self._folders.close()
        self.folder = Path()
