"""A file that grows line by line while others read it: for what is under way, not for what must survive a power cut."""

import os
from pathlib import Path

from proofbook.disk.failures import explained

__all__ = ["Journal"]


class Journal:
    """
    An append-only file of this user's. Each line is whole in the file as soon as `append` returns; nothing is synced.

    Args:
        path: The file; its folder exists. What an older process left there is replaced.

    Raises:
        MachineError: It cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with explained(path):
            path.unlink(missing_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
            self._descriptor = os.open(path, flags, 0o600)

    def append(self, line: bytes) -> None:
        """Add one line, its newline included. Raises MachineError where the disk is full."""
        with explained(self.path, needs=len(line)):
            rest = memoryview(line)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]

    def close(self) -> None:
        """Let go of the file; a second time does nothing."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)
