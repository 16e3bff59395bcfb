"""
Locks between processes: `flock` on a file that is never truncated or removed.

The kernel frees such a lock when its holder dies, so there is no stale lock. Who holds it is written beside it, in a
file that is believed only while a process of that number *and* that start time is alive.
"""

import contextlib
import fcntl
import json
import os
import secrets
import sys
import time
import weakref
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from proofbook.disk import clock
from proofbook.disk.failures import explained
from proofbook.exceptions import LockHeldError

__all__ = ["Held", "Lock"]

_SHORTEST, _LONGEST = 0.001, 0.1
"""Seconds between two attempts: first and last."""


class Held:
    """A lock that this process holds; as a context manager, or until `release`."""

    def __init__(self, descriptor: int, holder: Path) -> None:
        self._descriptor = descriptor
        self._holder = holder
        _held.add(self)

    def release(self) -> None:
        """Free the lock; a second time does nothing."""
        if self._descriptor < 0:
            return
        # first the name, then the lock: otherwise the name of the next holder would be removed
        with contextlib.suppress(OSError):
            self._holder.unlink()
        self.forget()

    def forget(self) -> None:
        """Close the file only: in a forked child, which must leave the name to its parent."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()


class Lock:
    """
    A lock on one file.

    Args:
        path: The lock file; its folder exists. It is made when it is first needed, and then stays for ever.
        what: What its holder is, for the message to those who wait: `another build`.
    """

    def __init__(self, path: Path, *, what: str = "another process") -> None:
        self.path = path
        self.what = what

    def acquire(self, wait: float = 0.0) -> Held:
        """
        Take the lock.

        Args:
            wait: Seconds to wait for another holder.

        Raises:
            LockHeldError: Another process, or another place of this one, held it all the time.
            MachineError: The lock file cannot be made.
        """
        until, pause = time.monotonic() + wait, _SHORTEST
        while (held := self.attempt()) is None:
            left = until - time.monotonic()
            if left <= 0:
                raise LockHeldError(self._sentence(wait))
            # uneven pauses, so that many who wait do not wake all at once
            time.sleep(min(left, pause * (0.5 + secrets.randbelow(500) / 1000)))
            pause = min(pause * 2, _LONGEST)
        return held

    def attempt(self) -> Held | None:
        """The lock, if it is free. Raises MachineError where the lock file cannot be made."""
        while True:
            with explained(self.path):
                flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
                descriptor = os.open(self.path, flags, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                current = _is_at(descriptor, self.path)
            except BlockingIOError:
                os.close(descriptor)
                return None
            except BaseException:
                os.close(descriptor)
                raise
            if current:
                break
            # the folder was removed and made again in between: that was the lock of a file that is gone
            os.close(descriptor)
        held = Held(descriptor, self._holder)
        content = {"pid": os.getpid(), "birth": _own_birth(os.getpid()), "since": clock.now(), "command": _command()}
        # the name is a courtesy: a full disk must not stop a rollback, and who reads half of it reads nobody
        with contextlib.suppress(OSError):
            _put(self._holder, json.dumps(content).encode())
        return held

    def is_held(self) -> bool:
        """Whether anybody holds it at this moment; nothing is made or changed."""
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            # shared, so that two who ask do not take each other for the holder
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def holder(self) -> dict[str, Any] | None:
        """Who holds it: `pid`, `since`, `command`; None where nobody alive says so."""
        try:
            content = json.loads(self._holder.read_bytes())
            alive = content["birth"] is not None and content["birth"] == _birth(content["pid"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return content if alive else None

    @property
    def _holder(self) -> Path:
        return self.path.with_name(self.path.name + ".holder")

    def _sentence(self, wait: float) -> str:
        who = ""
        if (holder := self.holder()) is not None:
            since = datetime.fromisoformat(str(holder["since"])).astimezone()
            today = datetime.now().astimezone().date() == since.date()
            who = f" (pid {holder['pid']}, since {since.strftime('%H:%M:%S' if today else '%F %T')})"
        waited = f"; waited {wait:g} s" if wait else ""
        return f"{self.what}{who} holds the lock {self.path}{waited}: try again when it has ended"


_held: "weakref.WeakSet[Held]" = weakref.WeakSet()


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        there = path.lstat()
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(descriptor), there)


def _birth(pid: int) -> str | None:
    """When a process began, in ticks since the system started: with it, a reused number is told from the first."""
    try:
        stat = Path(f"/proc/{int(pid)}/stat").read_text(errors="replace")
    except (OSError, ValueError):
        return None
    # the name of the program, in brackets, may hold anything, brackets too
    return stat.rpartition(")")[2].split()[19]


@lru_cache(maxsize=1)
def _own_birth(pid: int) -> str | None:
    """The same of this process, which is asked for whenever it takes a lock; another number after a fork."""
    return _birth(pid)


def _put(path: Path, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        os.write(descriptor, content)
    finally:
        os.close(descriptor)


def _command() -> str:
    return " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])[:200] if sys.argv else ""


def _forget_all() -> None:
    for held in tuple(_held):
        held.forget()


# a forked child shares the lock: it must not keep it when its parent dies
os.register_at_fork(after_in_child=_forget_all)
