"""What a machine has to share out among tasks: processors, memory, GPUs."""

import os
import re
from pathlib import Path

import psutil
from msgspec import Struct

__all__ = ["Amounts", "Capacity", "Need", "gpus_of_machine", "memory_of_machine"]

_GPU = re.compile(r"nvidia\d+")
_CGROUP_LIMITS = ("memory.max", "memory.limit_in_bytes")

Amounts = tuple[int, int, int]
"""Thousandths of a processor, bytes, GPUs: whole numbers, so that what was taken and given back is what there was."""


class Need(Struct, frozen=True, kw_only=True):
    """What one task has for itself while it runs."""

    cpu: float = 1.0
    memory: int = 0
    """Bytes."""
    gpu: int = 0


class Capacity(Struct, frozen=True, kw_only=True):
    """What there is for all tasks together."""

    cpu: float
    memory: int = 1 << 62
    """Bytes."""
    gpus: tuple[str, ...] = ()
    """As `CUDA_VISIBLE_DEVICES` names them."""

    @property
    def amounts(self) -> Amounts:
        """All of it."""
        return round(self.cpu * 1000), self.memory, len(self.gpus)

    def of(self, need: Need) -> Amounts:
        """
        What a task with that need is given.

        One that asks for more processors or memory than there are is given them all: it then runs alone. That is no
        help with GPUs.

        Raises:
            ValueError: It needs more GPUs than there are.
        """
        if need.gpu > len(self.gpus):
            raise ValueError(f"{need.gpu} GPUs are needed, and there are {len(self.gpus)}")
        cpu, memory, _ = self.amounts
        return min(round(need.cpu * 1000), cpu), min(need.memory, memory), need.gpu


def memory_of_machine() -> int:
    """Bytes that this process and its children may use together: the machine's, or the limit of its cgroup."""
    return min([int(psutil.virtual_memory().total), *_cgroup_limits()])


def _cgroup_limits(root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> list[int]:
    """Limits that hold for this process: of its own group, and of those around it."""
    found = []
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        folder = (root / "memory" if controllers else root) / path.lstrip("/")
        # in a container the path may be that of the machine outside: then only the root is there
        for place in {folder, *folder.parents}:
            if not place.is_relative_to(root):
                continue
            for name in _CGROUP_LIMITS:
                try:
                    found.append(int((place / name).read_text()))
                except (OSError, ValueError):
                    continue
    return [limit for limit in found if limit > 0]


def gpus_of_machine(
    configured: int | None = None, *, visible: str | None = None, devices: Path = Path("/dev")
) -> tuple[str, ...]:
    """
    The GPUs that may be shared out, as `CUDA_VISIBLE_DEVICES` names them. Nothing is started to find them.

    Args:
        configured: How many there are, where somebody said so; what the machine shows counts otherwise.
        visible: `CUDA_VISIBLE_DEVICES`; by default that of this process.
        devices: Where NVIDIA's device files lie.
    """
    said = os.environ.get("CUDA_VISIBLE_DEVICES") if visible is None else visible
    if said is not None:
        names: list[str] = []
        for name in (part.strip() for part in said.split(",")):
            # CUDA itself stops at the first that is none
            if not name or name == "-1":
                break
            names.append(name)
    else:
        there = sum(1 for file in devices.iterdir() if _GPU.fullmatch(file.name)) if devices.is_dir() else 0
        names = [str(number) for number in range(there)]
    if configured is None:
        return tuple(names)
    if configured <= len(names):
        return tuple(names[:configured])
    return tuple(str(number) for number in range(configured))
