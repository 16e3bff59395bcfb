"""A kernel of our own: this environment's Python, sockets only this user can reach, and it dies with its parent."""

import contextlib
import ctypes
import os
import signal
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psutil
import zmq
from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpec, NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync

from proofbook.exceptions import NotebookError

__all__ = ["LocalKernel", "start"]

_PR_SET_PDEATHSIG = 1


class LocalKernel(AsyncKernelManager):
    """jupyter_client's manager, where `python3` always means the Python that runs this code."""

    @property
    def kernel_spec(self) -> KernelSpec | None:
        """The kernel's specification; for `python3` not that of a folder that some other environment left behind."""
        if self.kernel_name == NATIVE_KERNEL_NAME and self._kernel_spec is None:
            from ipykernel.kernelspec import RESOURCES, get_kernel_dict

            self._kernel_spec = KernelSpec(resource_dir=RESOURCES, **get_kernel_dict())
        return super().kernel_spec

    def client(self, **kwargs: Any) -> Any:
        """A client that drops no message when it is slow to read: one of them says that the cell has ended."""
        client = super().client(**kwargs)
        client.context.setsockopt(zmq.RCVHWM, 0)
        return client

    @property
    def pid(self) -> int | None:
        """The kernel's process, which leads a session and a process group of its own."""
        return getattr(self.provisioner, "pid", None)

    @property
    def language(self) -> str:
        """The kernel's language, in lower case."""
        return (self.kernel_spec.language if self.kernel_spec else "").lower()

    def ended(self) -> str | None:
        """How the kernel's process ended, in words; None while it lives."""
        process = getattr(self.provisioner, "process", None)
        code = None if process is None else process.poll()
        if code is None:
            return None
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    def signal_group(self, number: int) -> None:
        """Send a signal to the kernel and to all that it started in its group; nothing left to signal is fine."""
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def descendants(self) -> list[psutil.Process]:
        """Every process that the kernel started, also those that left its group."""
        try:
            return psutil.Process(self.pid).children(recursive=True) if self.pid else []
        except psutil.Error:
            return []

    def kill(self) -> None:
        """End the kernel and all that it started, now."""
        known = self.descendants()
        self.signal_group(signal.SIGKILL)
        for process in known:
            with contextlib.suppress(psutil.Error):
                process.kill()

    def bury(self, known: Iterable[psutil.Process] = ()) -> None:
        """
        End the kernel and all that it started, and leave nothing of it behind: no zombie, pipe, socket or file.

        Args:
            known: Descendants from before the kernel ended by itself.
        """
        self.kill()
        for descendant in known:
            with contextlib.suppress(psutil.Error):
                descendant.kill()
        process = getattr(self.provisioner, "process", None)
        if process is not None:
            process.wait()
            if process.stdin is not None:
                process.stdin.close()
        run_sync(self.cleanup_resources)()


def start(name: str, *, cwd: str, folder: Path) -> LocalKernel:
    """
    Start a kernel's process; it is not ready yet when this returns.

    Args:
        name: Of the kernel specification.
        cwd: Folder that the kernel works in.
        folder: Private folder for the connection file and the sockets.

    Raises:
        NotebookError: There is no such kernel.
    """
    manager = LocalKernel(kernel_name=name, transport="ipc", connection_file=str(folder / "kernel.json"))
    # without it IPython writes every cell into a history database of the user's, and waits for its lock
    extra = ["--HistoryManager.hist_file=:memory:"] if name == NATIVE_KERNEL_NAME or manager_is_ipython(manager) else []
    try:
        with warnings.catch_warnings():
            # of Python 3.12 and later where this process has threads: what runs before `exec` takes no lock
            warnings.simplefilter("ignore", DeprecationWarning)
            run_sync(manager.start_kernel)(cwd=cwd, extra_arguments=extra, preexec_fn=_dies_with(os.getpid()))
    except NoSuchKernel:
        known = ", ".join(sorted({*manager.kernel_spec_manager.find_kernel_specs(), NATIVE_KERNEL_NAME}))
        raise NotebookError(
            f"there is no kernel {name!r} here (there is: {known}); install it, or choose another in the notebook"
        ) from None
    except OSError as error:
        raise NotebookError(f"kernel {name!r} cannot be started: {error.strerror}: {error.filename}") from None
    return manager


def manager_is_ipython(manager: AsyncKernelManager) -> bool:
    """Whether the kernel is ipykernel's, and takes its options."""
    with contextlib.suppress(NoSuchKernel):
        return bool(manager.ipykernel)
    return False


def _dies_with(parent: int) -> Any:
    """What the kernel's process does first: ask Linux to be killed when the process that started it dies."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl

    def prepare() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return prepare
