"""What a kernel and all its children use: processor seconds, and the most memory they held."""

from pathlib import Path

import psutil

__all__ = ["Usage"]

_KIB = 1024


class Usage:
    """Measures one process tree. Both figures only ever grow, also when a process is gone."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.cpu_seconds = 0.0
        self.peak_memory = 0
        """Bytes."""

    def sample(self) -> None:
        """Look now."""
        try:
            root = psutil.Process(self._pid)
            processes = [root, *root.children(recursive=True)]
        except psutil.Error:
            return
        cpu = memory = 0.0
        for process in processes:
            try:
                times = process.cpu_times()
                cpu += times.user + times.system + times.children_user + times.children_system
                memory += process.memory_info().rss
            except psutil.Error:
                continue
        self.cpu_seconds = max(self.cpu_seconds, cpu)
        self.peak_memory = max(self.peak_memory, int(memory), self._high_water())

    def _high_water(self) -> int:
        """The kernel's own peak, which Linux keeps; no sample can miss it."""
        try:
            status = Path(f"/proc/{self._pid}/status").read_text()
        except OSError:
            return 0
        for line in status.splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * _KIB
        return 0
