"""Who descends from whom, as Linux tells it under /proc: the keeper must find every process it answers for."""

import contextlib
import os
import signal
from pathlib import Path

__all__ = ["MARK", "children", "descendants", "end_marked", "marked", "tracks"]

MARK = "PROOFBOOK_KERNEL"
"""Environment variable by which a process says which kernel it belongs to, whatever became of its parents."""


def children(pid: int) -> list[int]:
    """The processes whose parent `pid` is now; none when it is gone."""
    found: list[int] = []
    try:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (thread / "children").read_bytes().split())
    except FileNotFoundError:
        # gone; or a kernel built without that file
        return found or _children_by_search(pid)
    except (OSError, ValueError):
        return found
    return found


def descendants(pid: int) -> list[int]:
    """All that `pid` started, and what those started, as far as no parent between has died."""
    found, waiting = [], children(pid)
    while waiting:
        each = waiting.pop()
        found.append(each)
        waiting += children(each)
    return found


def marked(pid: int) -> str:
    """The kernel that a process belongs to, by the environment it was started with; empty when it does not say."""
    start = MARK.encode() + b"="
    try:
        for entry in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
            if entry.startswith(start):
                return entry[len(start) :].decode(errors="replace").strip()
    except OSError:
        return ""
    return ""


def end_marked(start: str) -> None:
    """End, with SIGKILL, every process that says it belongs to a kernel whose name begins so."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and marked(int(entry.name)).startswith(start):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(int(entry.name), signal.SIGKILL)


def tracks(pid: int) -> bool:
    """
    Whether a process is a resource tracker of Python's or joblib's.

    It ends by itself when those that use it are dead, and removes the shared memory that they left; nothing else does.
    """
    try:
        return b"resource_tracker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _children_by_search(pid: int) -> list[int]:
    found = []
    if not Path(f"/proc/{pid}").exists():
        return []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                # the name between brackets may hold anything
                if int((entry / "stat").read_bytes().rpartition(b")")[2].split()[1]) == pid:
                    found.append(int(entry.name))
            except (OSError, ValueError, IndexError):
                continue
    return found
