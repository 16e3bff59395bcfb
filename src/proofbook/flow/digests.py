"""Digests of files within one build: a file that is asked for again, and was not touched meanwhile, is read once."""

import os
import time
from pathlib import Path

from proofbook.disk import atomic

__all__ = ["Digests"]

_TICK = 100_000_000
"""Nanoseconds within which a second write may leave the same time stamp as the first."""

_Seal = tuple[int, int, int, int, int]


class Digests:
    """What is known of the files of one build. Nothing of it is kept for the next one."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[_Seal, str]] = {}

    def of(self, path: Path) -> str:
        """SHA-256 of the file's content. Raises OSError where it cannot be read."""
        before = _seal(path)
        known = self._known.get(path)
        if known is not None and known[0] == before:
            return known[1]
        digest = atomic.digest_of(path)
        # what was written just now may be written once more without a trace
        if _seal(path) == before and time.time_ns() - max(before[3:]) > _TICK:
            self._known[path] = (before, digest)
        return digest


def _seal(path: Path) -> _Seal:
    status = os.stat(path)  # noqa: PTH116 - asked for each file of each task
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
