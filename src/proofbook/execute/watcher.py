"""
What a forked task lives under: a process that waits for it, and leaves nothing of it behind.

It is forked from the driver and forks the task. Whatever the task starts, also what leaves its session, comes to it
when its parents have died (PR_SET_CHILD_SUBREAPER), and is killed when the task has ended or the driver is gone.
"""

import contextlib
import ctypes
import gc
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterable
from types import FrameType
from typing import NoReturn

import msgspec

__all__ = ["Channels", "Fate", "watch"]

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_PATIENCE = 3.0
"""Seconds after which what cannot be killed is left to the system."""


class Channels(msgspec.Struct, frozen=True):
    """The writing ends of the pipes to the driver."""

    report: int
    """What the function has to say at its end."""
    fate: int
    """What the watcher has to say: the pid of the task's process, and then its fate, one JSON a line."""
    out: int
    err: int


class Fate(msgspec.Struct, frozen=True):
    """How the task's process ended, and what it and all that it started used."""

    status: int
    """As `os.wait` gives it."""
    cpu_seconds: float
    largest: int
    """Bytes: the most that one of the processes held."""


def watch(work: Callable[[], object], channels: Channels, *, parent: int, environment: dict[str, str]) -> NoReturn:
    """
    The life of the watcher. To be called in a process that was just forked, with all signals blocked.

    Args:
        work: What the task's process does; it writes its own report.
        channels: Pipes to the driver.
        parent: Pid of the driver.
        environment: Variables that the task has beside those of the driver.
    """
    try:
        # nothing that the driver made is ever taken down here: sockets and locks are its own affair
        gc.freeze()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        _outlive(parent, signal.SIGTERM)
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
        watcher = os.getpid()
        task = os.fork()
        if task == 0:
            _become(work, channels, parent=watcher, environment=environment)
        for descriptor in (channels.report, channels.out, channels.err):
            os.close(descriptor)
        _Watcher(task).run(channels.fate)
    finally:
        os._exit(0)


def _become(work: Callable[[], object], channels: Channels, *, parent: int, environment: dict[str, str]) -> None:
    """The life of the task's process."""
    try:
        os.setsid()
        _outlive(parent, signal.SIGKILL)
        os.close(channels.fate)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for descriptor, number in ((nothing, 0), (channels.out, 1), (channels.err, 2)):
            os.dup2(descriptor, number)
            os.close(descriptor)
        # what the driver has put in their place belongs to its terminal
        sys.stdin, sys.stdout, sys.stderr = (
            open(number, mode, encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
            for number, mode in ((0, "r"), (1, "w"), (2, "w"))
        )
        os.environ.update(environment)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        work()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        os._exit(0)


class _Watcher:
    """Waits for one process."""

    def __init__(self, task: int) -> None:
        self._task = task
        signal.signal(signal.SIGTERM, self._terminated)
        signal.signal(signal.SIGINT, self._interrupted)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())

    def run(self, descriptor: int) -> None:
        """Wait until it has ended, and kill what it left."""
        _say(descriptor, self._task)
        while True:
            pid, status = os.waitpid(-1, 0)
            if pid == self._task:
                break
        self._clear()
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        _say(descriptor, Fate(status, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024))

    def _interrupted(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._task, signal.SIGINT)

    def _terminated(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        _kill(_below(os.getpid()))

    def _clear(self) -> None:
        """Kill all that is left, until nobody is."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            _kill(_below(os.getpid()))
            try:
                while os.waitpid(-1, os.WNOHANG)[0]:
                    continue
            except ChildProcessError:
                return
            time.sleep(0.002)


def _say(descriptor: int, value: object) -> None:
    with contextlib.suppress(OSError), os.fdopen(descriptor, "wb", closefd=False) as file:
        file.write(msgspec.json.encode(value) + b"\n")


def _prctl(option: int, value: int) -> None:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(option, value)


def _outlive(parent: int, number: int) -> None:
    """Ask Linux for a signal when the parent dies; when it is dead already there is nothing to live for."""
    _prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        os._exit(0)


def _kill(processes: Iterable[int]) -> None:
    for pid in processes:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def _below(pid: int) -> list[int]:
    """All processes below that one, now."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():  # noqa: PTH112, PTH208 - no time to lose here
        if not name.isdecimal():
            continue
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123
            children.setdefault(int(file.read().rpartition(b")")[2].split()[1]), []).append(int(name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found
