"""The keeper's two kinds of children: kernels, and the template that warm ones are forked from."""

import array
import ctypes
import json
import os
import signal
import socket
import subprocess
import time
from typing import Any

from proofbook.kernels import family

__all__ = [
    "PR_SET_PDEATHSIG", "TRACKING", "Template", "Ward", "die_with_keeper", "end_all", "last_words", "prctl", "quoted",
    "send_signal",
]  # fmt: skip

PR_SET_PDEATHSIG = 1
TRACKING = 2.0
"""Seconds that a resource tracker has for its work when its kernel is dead."""
_FAREWELL = 4.0
"""Seconds in which everything must be dead when the driver is gone."""
_LAST_WORDS = 4000
_POSTAL = 1 << 20

prctl = ctypes.CDLL(None, use_errno=True).prctl


class Ward:
    """One kernel that the keeper answers for. `raw` is what it writes when it cannot speak to its notebook."""

    def __init__(self, name: str, *, raw: int) -> None:
        self.name = name
        self.raw = raw
        self.pid = 0


class Template:
    """The process that kernels are forked from, as the keeper sees it."""

    def __init__(self, order: dict[str, Any], *, generation: int) -> None:
        self.order = order
        self.generation = generation
        self.ready = False
        self.ends = 0
        """How many kernels had ended when it was last asked to look at its files."""
        self.loading = ""
        self.since = time.monotonic()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for each in (ours, theirs):
            each.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _POSTAL)
        self.line = ours
        argv = [*order["argv"], str(theirs.fileno()), str(os.getpid())]
        try:
            process = subprocess.Popen(
                argv,
                cwd="/",
                env={**order["env"], **order["calm"], family.MARK: " " * 16},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=order["raw"],
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                preexec_fn=die_with_keeper,  # noqa: PLW1509  this process has one thread
            )
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        self.pid = process.pid
        # it is reaped by the keeper's own hand, with all the others
        process.returncode = 0
        self.send({"modules": order["modules"], "cwd": order["cwd"], "budget": order["budget"]})

    def send(self, message: dict[str, Any], *descriptors: int) -> None:
        """
        Post one message to it; never waits.

        Raises:
            BlockingIOError: It has not read enough of what it was sent before.
            OSError: It is dead.
        """
        # `socket.send_fds` of Python 3.11 does not pass flags on
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
        self.line.sendmsg([json.dumps(message).encode()], rights, socket.MSG_DONTWAIT)


def die_with_keeper() -> None:
    """Before a child's program starts: it ends when this process does."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def send_signal(pid: int, number: int) -> None:
    """Send a signal, to a group where `pid` is negative; who is gone needs none."""
    try:
        if pid < 0:
            os.killpg(-pid, number)
        else:
            os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def end_all(folder: str) -> None:
    """Kill every descendant until none is left, and remove what they left on disk."""
    deadline = time.monotonic() + _FAREWELL
    me = os.getpid()
    began = time.monotonic()
    while (left := family.descendants(me)) and time.monotonic() < deadline:
        for pid in left:
            if time.monotonic() > began + TRACKING or not family.tracks(pid):
                send_signal(pid, signal.SIGKILL)
        while True:
            try:
                if not os.waitpid(-1, os.WNOHANG)[0]:
                    break
            except ChildProcessError:
                break
        time.sleep(0.002)
    from pathlib import Path

    from proofbook.disk import atomic

    atomic.remove(Path(folder))


def last_words(raw: int) -> str:
    """The end of what was written to a descriptor."""
    size = os.fstat(raw).st_size
    return os.pread(raw, _LAST_WORDS, max(0, size - _LAST_WORDS)).decode(errors="replace").strip()


def quoted(text: str) -> str:
    """The last line, to be put behind a reason."""
    lines = text.splitlines()
    return f": {lines[-1][:500]}" if lines else ""
