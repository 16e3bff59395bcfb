"""A kernel of ours, seen by the one who drives it: jupyter_client's manager, where a keeper holds the process."""

import contextlib
import signal
import uuid
from functools import cached_property
from string import Template

import zmq
import zmq.asyncio
from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpec, NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.session import Session
from traitlets import default

from proofbook.exceptions import NotebookError
from proofbook.kernels import family
from proofbook.kernels.kept import KeptProvisioner
from proofbook.kernels.line import Kept, Line
from proofbook.kernels.seat import NATIVE, SCHEME, Seat, native

__all__ = ["LocalKernel"]

_POLITE = 5.0
"""Seconds that a kernel has for what it registered to run at its end."""
_DEAD = 5.0
"""Seconds after SIGKILL in which the keeper must have told the end."""


class LocalKernel(AsyncKernelManager):
    """
    A kernel for one notebook.

    Args:
        line: To the keeper that has its process, or will have.
        seat: Where it is reached.
        kernel_name: Of the kernel specification.
    """

    warm = False
    """Whether it was forked from a template."""
    note = ""
    """Why it was started cold, where warm was asked for."""

    def __init__(self, *, line: Line, seat: Seat, kernel_name: str) -> None:
        super().__init__(
            kernel_name=kernel_name,
            kernel_id=uuid.uuid4().hex,
            connection_file=str(seat.file),
            context=zmq.asyncio.Context(zmq.Context.instance()),
        )
        self._line = line
        self.seat = seat
        self.load_connection_info(seat.address)  # type: ignore[arg-type]  # its keys are fixed
        self.kept: Kept | None = None
        self._provisioner: KeptProvisioner | None = None

    @default("session")
    def _session_default(self) -> Session:
        # seldom asked for, and as dear as all the rest of a manager
        return Session(parent=self, key=self.seat.key.encode(), signature_scheme=SCHEME)

    @property
    def kernel_spec(self) -> KernelSpec | None:
        """The kernel's specification; for a native name not one that another environment left behind."""
        if self._kernel_spec is None and self.kernel_name in NATIVE:
            self._kernel_spec = KernelSpec(
                argv=native("{connection_file}")[0], display_name="Python 3", language="python", name="python3"
            )
        return super().kernel_spec

    @property
    def provisioner(self) -> KeptProvisioner | None:  # type: ignore[override]  # nobody sets it here
        """jupyter_client's way to the process. No build asks for it, and it takes as long to make as a manager."""
        if self._provisioner is None and self.kept is not None:
            self._provisioner = KeptProvisioner(kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self)
            self._provisioner.attach(self._line, self.kept)
        return self._provisioner

    @cached_property
    def language(self) -> str:
        """The kernel's language, in lower case."""
        return (self.kernel_spec.language if self.kernel_spec else "").lower()

    @property
    def pid(self) -> int | None:
        """The kernel's process, which leads a session and a process group of its own."""
        return self.kept.pid if self.kept else None

    @property
    def said(self) -> str:
        """The last it wrote that could not go to its notebook: what a crash leaves, once it has ended."""
        return self.kept.said if self.kept else ""

    def command(self) -> list[str]:
        """
        The program with its arguments.

        Raises:
            NotebookError: There is no such kernel.
        """
        if self.kernel_name in NATIVE:
            return native(self.seat.file)[0]
        self._launch_args = {}
        try:
            command = self.format_kernel_cmd()
        except NoSuchKernel:
            known = ", ".join(sorted({*self.kernel_spec_manager.find_kernel_specs(), NATIVE_KERNEL_NAME}))
            raise NotebookError(
                f"there is no kernel {self.kernel_name!r} here (there is: {known}); "
                "install it, or choose another in the notebook"
            ) from None
        if "ipykernel_launcher" in command:
            command.append("--HistoryManager.hist_file=:memory:")
        return command

    def environment(self, env: dict[str, str]) -> dict[str, str]:
        """`env` with what the kernel's specification adds to it."""
        spec = self.kernel_spec
        added = {name: Template(str(value)).safe_substitute(env) for name, value in (spec.env if spec else {}).items()}
        # set, it makes every Python that the kernel starts another one
        return {**{name: value for name, value in env.items() if name != "PYTHONEXECUTABLE"}, **added}

    def take(self, kept: Kept) -> None:
        """Be the manager of a process that the keeper has, or will have."""
        self.kept = kept
        self._provisioner = None

    def ended(self) -> str | None:
        """How the kernel's process ended, in words; None while it lives."""
        if self.kept is None:
            return None
        self._line.pump()
        if self.kept.failed:
            return f"not started: {self.kept.failed}"
        code = self.kept.code
        if code is None:
            return None
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    async def wait(self) -> str:
        """Wait for the kernel's end. Returns how it ended, in words."""
        kept = self.kept
        if kept is not None:
            await self._line.until(lambda: kept.over)
        return self.ended() or "exit code 0"

    def signal_group(self, number: int) -> None:
        """Send a signal to the kernel and to all that it started in its group; nothing left to signal is fine."""
        if self.kept is not None:
            self._line.signal(self.kept, number)

    def kill(self) -> None:
        """End the kernel and all that it started, now; `wait` tells when it is done."""
        if self.kept is not None:
            self._line.signal(self.kept, signal.SIGKILL, tree=True)

    def descendants(self) -> list[int]:
        """Process ids of all that the kernel started, also of those that left its group."""
        return family.descendants(self.pid) if self.pid and self.ended() is None else []

    async def bury(self) -> None:
        """End the kernel and all that it started, and leave nothing of it behind: no zombie, socket or file."""
        kept = self.kept
        if kept is not None:
            self.kill()
            await self._line.until(lambda: kept.over, timeout=_DEAD)
            self._line.forget(kept)
        self._close_control_socket()
        self.seat.remove()

    async def _async_shutdown_kernel(self, now: bool = False, restart: bool = False) -> None:
        """End the kernel: politely, so that it can run what it registered at exit, unless it must be `now`."""
        kept = self.kept
        if kept is None:
            return
        self.shutting_down = True
        if not now and not kept.over:
            await self._async_request_shutdown(restart=restart)
            await self._line.until(lambda: kept.over, timeout=_POLITE)
        await self.bury()

    shutdown_kernel = _async_shutdown_kernel

    def cleanup_connection_file(self) -> None:
        """Nothing: the seat goes as a whole."""

    def __del__(self) -> None:
        # the manager's own would speak of what a start that failed never made
        with contextlib.suppress(AttributeError):
            self._close_control_socket()
