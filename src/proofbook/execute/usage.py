"""What a kernel and all its children use: processor seconds, and the most memory they held. Read from /proc."""

import os
import time

__all__ = ["Usage", "resident", "told"]

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_FRESH = 0.5
"""Seconds for which one look at all processes serves every notebook that runs."""


class _Processes:
    """Who is whose child, of all processes."""

    def __init__(self) -> None:
        self._children: dict[int, list[int]] = {}
        self._looked = float("-inf")

    def below(self, pid: int) -> list[int]:
        if time.monotonic() - self._looked > _FRESH:
            self._children = {}
            for name in os.listdir("/proc"):  # noqa: PTH208 - hundreds of names, no paths
                if name.isdecimal() and (fields := _fields(int(name))):
                    self._children.setdefault(int(fields[1]), []).append(int(name))
            self._looked = time.monotonic()
        found: list[int] = []
        waiting = [pid]
        while waiting:
            below = self._children.get(waiting.pop(), ())
            found += below
            waiting += below
        return found


_processes = _Processes()


def _descendants(pid: int) -> list[int]:
    """The processes below `pid`, as they stood half a second ago at the latest."""
    return _processes.below(pid)


def resident(pid: int) -> int:
    """Bytes that a process holds in memory, shared ones among them; 0 when it is gone."""
    fields = told(pid, "statm").split()
    return int(fields[1]) * _PAGE if fields else 0


def told(pid: int, name: str) -> bytes:
    """What Linux tells of a process in its file `name` under /proc; empty when it is gone, or not ours."""
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:  # noqa: PTH123 - many a second, and no path to speak of
            return file.read()
    except OSError:
        return b""


class Usage:
    """Measures one process tree. Both figures only ever grow, also when a process is gone."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.cpu_seconds = 0.0
        self.peak_memory = 0
        """Bytes."""

    def begin(self) -> None:
        """Note the processor seconds it has used so far."""
        self.cpu_seconds = max(self.cpu_seconds, _processor(self._pid))

    def sample(self, *, family: bool = False) -> None:
        """
        Look now.

        Args:
            family: Also at the processes that the kernel has started and that still run; those that have ended count
                in any case. It takes a look at every process there is.
        """
        below = _descendants(self._pid) if family else []
        cpu = sum(_processor(pid) for pid in (self._pid, *below))
        memory = sum(resident(pid) for pid in (self._pid, *below)) if below else 0
        self.cpu_seconds = max(self.cpu_seconds, cpu)
        self.peak_memory = max(self.peak_memory, memory, _high_water(self._pid))


def _fields(pid: int) -> list[bytes]:
    """The figures of a process, from its state on; empty when it is gone."""
    # the name between brackets may hold anything
    return told(pid, "stat").rpartition(b")")[2].split()


def _processor(pid: int) -> float:
    """Seconds: in the process and in the children that it has seen end."""
    fields = _fields(pid)
    return sum(map(int, fields[11:15])) / _TICKS if fields else 0.0


def _high_water(pid: int) -> int:
    """The kernel's own peak in bytes, which Linux keeps; no sample can miss it."""
    status = told(pid, "status")
    start = status.find(b"VmHWM:")
    return int(status[start + 6 : status.index(b"kB", start)]) * 1024 if start >= 0 else 0
