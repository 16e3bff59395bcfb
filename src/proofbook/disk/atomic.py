"""Files wholly old or wholly new: temporary file beside the target, fsync, rename or link, fsync of the folder."""

import errno
import fcntl
import hashlib
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from proofbook.disk.failures import explained
from proofbook.disk.faults import point
from proofbook.exceptions import MachineError

__all__ = [
    "chunks_of",
    "copy",
    "digest_of",
    "make_folder",
    "move",
    "publish",
    "remove",
    "restrict",
    "sweep",
    "sync_folder",
    "write",
]

_CHUNK = 1 << 20
# what file systems without hard links answer: FAT, some of FUSE and Samba
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


def write(path: Path, content: bytes, *, durable: bool = True, mode: int = 0o644) -> None:
    """
    Put `content` at `path`, replacing what was there.

    Args:
        path: The target. Missing parent folders are made.
        content: All bytes of the file.
        durable: Wait until the disk has it. Off only for what can be made again.
        mode: Permission bits of the file, before the umask.

    Raises:
        MachineError: The disk is full, the folder is not writable ... The old file is then untouched.
    """
    with explained(path, needs=len(content)):
        path.parent.mkdir(parents=True, exist_ok=True)
        with _filled(path.parent, (content,), step="write", durable=durable, mode=mode) as (temporary, _):
            temporary.replace(path)
        point("write.renamed")
        if durable:
            sync_folder(path.parent)


def copy(source: Path, path: Path, *, digest: str, mode: int = 0o644) -> bool:
    """
    Put a copy of `source` at `path`, durably, if its content has that SHA-256.

    Returns:
        Whether it had; otherwise nothing was put there.

    Raises:
        OSError: `source` is not there.
        MachineError: The disk is full ...
    """
    with explained(path, needs=source.stat().st_size):
        path.parent.mkdir(parents=True, exist_ok=True)
        with _filled(path.parent, chunks_of(source), step="write", durable=True, mode=mode) as (temporary, found):
            if found != digest:
                return False
            temporary.replace(path)
        point("write.renamed")
        sync_folder(path.parent)
    return True


def publish(path: Path, chunks: Iterable[bytes], *, digest: str, needs: int) -> None:
    """
    Put a file that never changes at `path`, durably; what is there already stays.

    Args:
        path: The target; its folder exists.
        chunks: The content, in pieces.
        digest: The SHA-256 that the content must have.
        needs: Its size in bytes, to be named when the disk is full.

    Raises:
        MachineError: The content has another SHA-256, the disk is full ...
    """
    with explained(path, needs=needs):
        with _filled(path.parent, chunks, step="blob", durable=True, mode=0o400) as (temporary, found):
            if found != digest:
                raise MachineError(f"what was meant for {path} changed while it was being read: is it still written?")
            _link(temporary, path)
            point("blob.linked")
        sync_folder(path.parent)
    point("blob.durable")


def make_folder(folder: Path, *, mode: int = 0o777) -> None:
    """Make `folder`, durably, if it is not there; its parent exists."""
    with explained(folder):
        try:
            folder.mkdir(mode)
        except FileExistsError:
            return
        sync_folder(folder.parent)


def restrict(folder: Path) -> None:
    """Take a folder of ours from the eyes of other users: mode 0700, where it was looser."""
    found = folder.stat()
    if found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) & 0o077:
        with explained(folder):
            folder.chmod(0o700)


def move(path: Path, target: Path) -> None:
    """Rename a file to a name that is free, durably; both on one file system. Raises MachineError."""
    with explained(target):
        path.rename(target)
        sync_folder(target.parent)
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that is in it; what is not there is fine. Links are removed, not followed."""
    with explained(path):
        _remove(path)


def sweep(folder: Path) -> int:
    """
    Remove the temporary files that dead processes left in `folder`.

    Returns:
        How many. The file of a living writer is locked by it, and stays.
    """
    removed = 0
    for file in folder.glob(".*.tmp"):
        try:
            descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.unlink(missing_ok=True)
            removed += 1
        except OSError:
            continue
        finally:
            os.close(descriptor)
    return removed


def chunks_of(path: Path) -> Iterator[bytes]:
    """The content of a file, in pieces of 1 MiB."""
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def digest_of(path: Path) -> str:
    """SHA-256 of a file's content, as 64 hex digits; read in pieces."""
    digest = hashlib.sha256()
    for chunk in chunks_of(path):
        digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def _filled(
    folder: Path, chunks: Iterable[bytes], *, step: str, durable: bool, mode: int
) -> Iterator[tuple[Path, str]]:
    """A temporary file in `folder` that holds `chunks`, and their SHA-256; gone at the end, under that name."""
    point(f"{step}.create")
    temporary, descriptor = _temporary(folder, mode=mode)
    digest = hashlib.sha256()
    try:
        for chunk in chunks:
            digest.update(chunk)
            rest = memoryview(chunk)
            # a write may be short; Python itself repeats one that a signal interrupts
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        point(f"{step}.written")
        if durable:
            os.fsync(descriptor)
        point(f"{step}.synced")
        yield temporary, digest.hexdigest()
    finally:
        temporary.unlink(missing_ok=True)
        os.close(descriptor)


def _temporary(folder: Path, *, mode: int) -> tuple[Path, int]:
    """A new file that is locked as long as its writer lives, so that `sweep` knows the dead from the living."""
    while True:
        temporary = folder / f".{secrets.token_hex(8)}.tmp"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(temporary, flags, mode)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass  # a sweep took it for dead in the instant before it was locked: it is about to remove it
        except OSError:
            return temporary, descriptor  # a file system without flock: nothing is ever swept there
        if os.fstat(descriptor).st_nlink:
            return temporary, descriptor
        os.close(descriptor)


def _link(temporary: Path, path: Path) -> None:
    try:
        os.link(temporary, path, follow_symlinks=False)
    except FileExistsError:
        return
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # the rename replaces at most the same bytes
        temporary.replace(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        for child in path.iterdir():
            _remove(child)
        path.rmdir()
    else:
        path.unlink(missing_ok=True)
