"""Files wholly old or wholly new: temporary file beside the target, fsync, rename or link, fsync of the folder."""

import errno
import fcntl
import hashlib
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from proofbook.disk.failures import explained
from proofbook.disk.faults import point
from proofbook.exceptions import MachineError

__all__ = [
    "Publication",
    "chunks_of",
    "copy",
    "create",
    "digest_of",
    "make_folder",
    "move",
    "publish",
    "remove",
    "restrict",
    "rewrite",
    "sweep",
    "sync_folder",
    "write",
]

_CHUNK = 1 << 20
_OPEN = 64
"""Files of one publication that are open at a time."""
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
        with _filled(path.parent, (content,), durable=durable, mode=mode) as (temporary, _):
            os.replace(temporary, path)  # noqa: PTH105 - many a second, and no path to speak of
        point("write.renamed")
        if durable:
            sync_folder(path.parent)


def rewrite(path: Path, content: bytes) -> None:
    """As `write`, for a file that is there and keeps its permission bits, whatever the umask says."""
    with explained(path, needs=len(content)):
        mode = stat.S_IMODE(path.stat().st_mode)
        with _filled(path.parent, (content,), durable=True, mode=mode) as (temporary, _):
            os.chmod(temporary, mode)  # noqa: PTH101 - as below
            os.replace(temporary, path)  # noqa: PTH105 - many a second, and no path to speak of
        point("write.renamed")
        sync_folder(path.parent)


def create(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """
    Make a file that nobody looks for before it is made, in a folder of this process's own; nothing is synced.

    Raises:
        MachineError: There is one already, the disk is full ...
    """
    with explained(path, needs=len(content)):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
        try:
            _fill(descriptor, (content,))
        finally:
            os.close(descriptor)


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
        with _filled(path.parent, chunks_of(source), durable=True, mode=mode) as (temporary, found):
            if found != digest:
                return False
            os.replace(temporary, path)  # noqa: PTH105 - as above
        point("write.renamed")
        sync_folder(path.parent)
    return True


class Publication:
    """
    Files that never change, put in place together: one wait for the disk serves several.

    Each lies under a temporary name until `finish`, which makes all of them durable; of many, some are made so before.
    What is in its place already stays. Afterwards, or after `cancel`, it starts anew.
    """

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []
        self._folders: dict[str, None] = {}

    def add(self, path: Path, chunks: Iterable[bytes], *, digest: str, needs: int) -> None:
        """
        Add a file.

        Args:
            path: The target; its folder exists.
            chunks: The content, in pieces.
            digest: The SHA-256 that the content must have.
            needs: Its size in bytes, to be named when the disk is full.

        Raises:
            MachineError: The content has another SHA-256, the disk is full ...
        """
        if len(self._waiting) >= _OPEN:
            self.finish()
        with explained(path, needs=needs):
            point("blob.create")
            waiting = _Waiting(path, *_temporary(path.parent, mode=0o400), needs)
            self._waiting.append(waiting)
            found = _fill(waiting.descriptor, chunks)
            point("blob.written")
        if found != digest:
            raise MachineError(f"what was meant for {path} changed while it was being read: is it still written?")

    def make_folder(self, folder: Path, *, mode: int) -> None:
        """Make a folder for files, if it is not there; its name is durable before any of them has one."""
        with explained(folder), suppress(FileExistsError):
            folder.mkdir(mode)
        self.sync(folder.parent)

    def sync(self, folder: Path) -> None:
        """Have the names in a folder made durable as well, before any file is named."""
        self._folders[str(folder)] = None

    def finish(self) -> None:
        """
        Make all files durable: the contents first, then the names.

        Raises:
            MachineError: The disk is full, or failed; nothing is named then that is not durable.
        """
        folders, self._folders = self._folders, {}
        for folder in folders:
            with explained(folder):
                sync_folder(folder)
        for waiting in self._waiting:
            with explained(waiting.path, needs=waiting.needs):
                os.fsync(waiting.descriptor)
                point("blob.synced")
        for waiting in self._waiting:
            with explained(waiting.path):
                _link(waiting.temporary, waiting.path)
                point("blob.linked")
        done = self._waiting
        for folder in dict.fromkeys(str(waiting.path.parent) for waiting in done):
            with explained(folder):
                sync_folder(folder)
        self.cancel()
        for _ in done:
            point("blob.durable")

    def cancel(self) -> None:
        """Remove what has no name yet."""
        waiting, self._waiting = self._waiting, []
        self._folders = {}
        for each in waiting:
            _discard(each.temporary)
            os.close(each.descriptor)


class _Waiting(NamedTuple):
    """A file that is written, and not yet in its place."""

    path: Path
    temporary: str
    descriptor: int
    needs: int


def publish(path: Path, chunks: Iterable[bytes], *, digest: str, needs: int) -> None:
    """Put one file that never changes at `path`, durably; what is there already stays. As `Publication`."""
    publication = Publication()
    try:
        publication.add(path, chunks, digest=digest, needs=needs)
        publication.finish()
    finally:
        publication.cancel()


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


def sync_folder(folder: Path | str) -> None:
    """Make the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that is in it; what is not there is fine. Links are removed, not followed."""
    with explained(path):
        if path.is_dir() and not path.is_symlink():
            _remove_folder(str(path))
        else:
            _discard(path)


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
def _filled(folder: Path, chunks: Iterable[bytes], *, durable: bool, mode: int) -> Iterator[tuple[str, str]]:
    """A temporary file in `folder`, which is made, that holds `chunks`, and their SHA-256; gone in the end."""
    point("write.create")
    try:
        temporary, descriptor = _temporary(folder, mode=mode)
    except FileNotFoundError:
        folder.mkdir(parents=True, exist_ok=True)
        temporary, descriptor = _temporary(folder, mode=mode)
    try:
        digest = _fill(descriptor, chunks)
        point("write.written")
        if durable:
            os.fsync(descriptor)
        point("write.synced")
        yield temporary, digest
    finally:
        _discard(temporary)
        os.close(descriptor)


def _fill(descriptor: int, chunks: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
        rest = memoryview(chunk)
        # a write may be short; Python itself repeats one that a signal interrupts
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    return digest.hexdigest()


def _temporary(folder: Path, *, mode: int) -> tuple[str, int]:
    """A new file that is locked as long as its writer lives, so that `sweep` knows the dead from the living."""
    while True:
        temporary = f"{folder}/.{secrets.token_hex(8)}.tmp"
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


def _discard(path: Path | str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)  # noqa: PTH108 - many a second, and no path to speak of


def _link(temporary: str, path: Path) -> None:
    try:
        os.link(temporary, path, follow_symlinks=False)
    except FileExistsError:
        return
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # the rename replaces at most the same bytes
        os.replace(temporary, path)  # noqa: PTH105 - as above


def _remove_folder(path: str) -> None:
    with os.scandir(path) as found:
        children = [*found]
    for child in children:
        if child.is_dir(follow_symlinks=False):
            _remove_folder(child.path)
        else:
            _discard(child.path)
    os.rmdir(path)  # noqa: PTH106 - as above
