"""
A console on a kernel that runs already: `python -m proofbook.terminal.attached CONNECTION_FILE PID`.

jupyter_console, in a process group of its own that has the terminal: Ctrl-C stops what the kernel does, and not the
build that waits behind it.
"""

import ctypes
import os
import signal
import sys
from typing import Any

from jupyter_console.app import ZMQTerminalIPythonApp  # type: ignore[import-untyped]

__all__ = ["main"]

_PR_SET_PDEATHSIG = 1


class Console(ZMQTerminalIPythonApp):  # type: ignore[misc]  # it ships no types
    """The console, which knows the process of the kernel that it did not start."""

    kernel_process = 0

    def init_shell(self) -> None:
        """The kernel ends when the user leaves: jupyter_console says so of its own kernels."""
        super().init_shell()
        self.shell.own_kernel = True

    def handle_sigint(self, *_: Any) -> None:
        """Ctrl-C: while the kernel works, to the kernel; else to the line that is being typed."""
        if not self.shell._executing:  # noqa: SLF001  as the class above asks it
            raise KeyboardInterrupt
        os.killpg(self.kernel_process, signal.SIGINT)


def main(connection: str, kernel: int) -> None:
    """Take the terminal, and talk with the kernel until the user leaves."""
    parent = os.getppid()
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return
    # nobody could bring back a console that was stopped: the shell knows only the build
    for number in (signal.SIGTTOU, signal.SIGTTIN, signal.SIGTSTP):
        signal.signal(number, signal.SIG_IGN)
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    app = Console.instance()
    app.kernel_process = kernel
    app.initialize(["--existing", connection, "--no-confirm-exit"])
    app.start()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
