"""Holds a kernel to its memory limit: looks often, counts what only this kernel holds, and says how much that was."""

import asyncio
import contextlib
import resource
import time
from collections.abc import Callable

from proofbook.execute.usage import resident, told
from proofbook.kernels.family import descendants

__all__ = ["Guard", "spelled"]

_EVERY = 0.05
"""Seconds between two looks."""
_SHARE = 0.1
"""Share of the time that exact counts may take."""
_NEAR = 0.8
"""Share of the limit at which a death by SIGKILL is taken for the work of Linux's own out-of-memory killer."""
_LEAP = 256 << 20
"""Bytes beyond the limit, and a quarter of it, that may be asked for between two looks."""


class Guard:
    """Watches one kernel and all that it starts, in the event loop."""

    def __init__(self, pid: int, limit: int, *, on_excess: Callable[[], None]) -> None:
        self.peak = 0
        """Bytes that this family held for itself, at most."""
        self._pid = pid
        self._limit = limit
        self._on_excess = on_excess
        self._family = [pid]
        self._counted = self._took = 0.0
        # what is shared with the template, or with any other process, is nobody's excess
        self._apart = max(0, resident(pid) - _own(pid))
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to look; and let Linux refuse a leap that would come and go between two looks."""
        highest = _writable(self._pid) + self._limit + max(self._limit // 4, _LEAP)
        with contextlib.suppress(OSError, ValueError):
            resource.prlimit(self._pid, resource.RLIMIT_DATA, (highest, highest))
        self._look()

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def was_near(self) -> bool:
        """Whether it has held most of what it may."""
        return self.peak >= _NEAR * self._limit

    def message(self, cell: int) -> str:
        """How a person hears of it."""
        return f"out of memory (limit {spelled(self._limit, whole=True)}, peak {spelled(self.peak)}, cell {cell})"

    def _look(self) -> None:
        now = time.monotonic()
        # anew each time: a child can start, hold too much and be gone within a second
        self._family = [self._pid, *descendants(self._pid)]
        held = sum(map(resident, self._family))
        if held:
            if held - self._apart >= self._limit and now - self._counted >= self._took / _SHARE:
                # pages that forked children share with their parent were counted once for each
                self._apart = max(0, held - sum(map(_proportional, self._family)))
                self._counted = time.monotonic()
                self._took = self._counted - now
            self.peak = max(self.peak, held - self._apart)
            if held - self._apart >= self._limit:
                self._on_excess()
                self._timer = None
                return
        self._timer = asyncio.get_running_loop().call_later(_EVERY, self._look)


def spelled(size: int, *, whole: bool = False) -> str:
    """`2 GiB`, where `whole` and it is exactly that; else `2.0 GiB`."""
    unit, factor = ("GiB", 1 << 30) if size >= 1 << 30 else ("MiB", 1 << 20)
    if whole and size % factor == 0:
        return f"{size // factor} {unit}"
    return f"{size / factor:.1f} {unit}"


def _own(pid: int) -> int:
    """Bytes that no other process shares."""
    return _summed(pid, (b"Private_Clean:", b"Private_Dirty:"))


def _proportional(pid: int) -> int:
    """Bytes, where a page that n processes share counts for an n-th."""
    return _summed(pid, (b"Pss:",))


def _summed(pid: int, names: tuple[bytes, ...]) -> int:
    lines = told(pid, "smaps_rollup").splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(names))


def _writable(pid: int) -> int:
    """Bytes of address space that RLIMIT_DATA counts."""
    lines = told(pid, "status").splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(b"VmData:"))
