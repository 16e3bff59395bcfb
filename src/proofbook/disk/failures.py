"""What the operating system refused, in one line that a person can act on."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from proofbook.exceptions import MachineError

__all__ = ["explain", "explained"]

_FULL = {errno.ENOSPC, errno.EDQUOT}
_DENIED = {errno.EACCES, errno.EPERM}


@contextmanager
def explained(path: Path | str, *, needs: int = 0) -> Iterator[None]:
    """
    Turn an OSError met inside into a MachineError that names `path`.

    Args:
        path: What was to be written.
        needs: Bytes that writing it takes; named when the disk is full.
    """
    try:
        yield
    except OSError as error:
        raise MachineError(explain(error, Path(path), needs=needs)) from error


def explain(error: OSError, path: Path, *, needs: int = 0) -> str:
    """One line for `error`, met while `path` was being written."""
    if error.errno in _FULL:
        return f"disk is full: writing needs {needs} bytes at {path}{_free(path)}: make room and run the command again"
    if error.errno == errno.EROFS:
        return f"cannot write {path}: the file system is mounted read-only"
    if error.errno in _DENIED:
        return f"cannot write {path}: no permission; check who owns {path.parent}"
    if error.errno == errno.EIO:
        # pages are marked clean after a failed fsync: a second try would report success for bytes that are lost
        return f"the disk failed while {path} was being written (input/output error): nothing was kept, check the disk"
    if error.errno == errno.ELOOP:
        return f"cannot write {path}: a symbolic link stands in its place; remove the link"
    return f"cannot write {path}: {error.strerror or error}"


def _free(path: Path) -> str:
    for folder in (path, *path.parents):
        try:
            found = os.statvfs(folder)
        except OSError:
            continue
        if found.f_files and not found.f_favail:
            return ", and no file entries (inodes) are left"
        return f", {found.f_bavail * found.f_frsize} are free"
    return ""
