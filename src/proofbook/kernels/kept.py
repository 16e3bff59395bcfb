"""jupyter_client's way to a process: where others start a kernel with Popen, these are told of by the keeper."""

import signal
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from proofbook.kernels.line import Kept, Line

__all__ = ["KeptProvisioner"]


class KeptProvisioner(LocalProvisioner):
    """A provisioner whose process a keeper holds."""

    _line: Line
    _kept: Kept | None = None

    def attach(self, line: Line, kept: Kept) -> None:
        """Speak for this process from now on."""
        self._line, self._kept = line, kept

    @property
    def has_process(self) -> bool:
        """Whether there is a process whose end has not been waited for."""
        return self._kept is not None

    async def poll(self) -> int | None:
        """The exit code; None while it lives."""
        if self._kept is None:
            return 0
        self._line.pump()
        return 1 if self._kept.failed else self._kept.code

    async def wait(self) -> int | None:
        """Wait for the process's end."""
        kept = self._kept
        if kept is None:
            return 0
        await self._line.until(lambda: kept.over)
        code, self._kept = await self.poll(), None
        return code

    async def send_signal(self, signum: int) -> None:
        """Signal the kernel's group."""
        if self._kept is not None:
            self._line.signal(self._kept, signum)

    async def kill(self, restart: bool = False) -> None:  # noqa: ARG002  jupyter_client's signature
        """End the kernel and all that it started."""
        if self._kept is not None:
            self._line.signal(self._kept, signal.SIGKILL, tree=True)

    async def terminate(self, restart: bool = False) -> None:  # noqa: ARG002  jupyter_client's signature
        """Ask the kernel's group to end."""
        await self.send_signal(signal.SIGTERM)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Not this way: a pool gives kernels."""
        raise NotImplementedError("kernels of a pool are started by the pool")
