"""Private folders for what is under way: made 0700, and gone when the work is done."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["folder"]

# Unix sockets allow 107 bytes of path; 40 of them are for the name within the folder
_SHORT = 60


@contextmanager
def folder(*, short: bool = False) -> Iterator[Path]:
    """
    A temporary folder that only this user can enter, removed with all that is in it.

    Args:
        short: Keep its path short enough for Unix sockets, wherever TMPDIR points.
    """
    where = "/tmp" if short and len(tempfile.gettempdir()) > _SHORT else None  # noqa: S108  made 0700, name drawn at random
    with tempfile.TemporaryDirectory(prefix="proofbook-", dir=where, ignore_cleanup_errors=True) as name:
        yield Path(name)
