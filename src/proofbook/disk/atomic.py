"""Files that are wholly old or wholly new: temporary file beside the target, fsync, rename, fsync of the folder."""

import hashlib
import os
import secrets
from pathlib import Path

from proofbook.disk.faults import point

__all__ = ["digest_of", "remove", "sync_folder", "write"]

_CHUNK = 1 << 20


def write(path: Path, content: bytes, *, durable: bool = True) -> None:
    """
    Put `content` at `path`, replacing what was there.

    Args:
        path: The target. Missing parent folders are made.
        content: All bytes of the file.
        durable: Wait until the disk has it. Off only for what can be made again.

    Raises:
        OSError: The disk is full, the folder is not writable ... The old file is then untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / f".{path.name[:80]}.{secrets.token_hex(6)}.tmp"
    point("write.create")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            point("write.written")
            if durable:
                os.fsync(file.fileno())
        point("write.synced")
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    point("write.renamed")
    if durable:
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
    if path.is_dir() and not path.is_symlink():
        for child in path.iterdir():
            remove(child)
        path.rmdir()
    else:
        path.unlink(missing_ok=True)


def digest_of(path: Path) -> str:
    """SHA-256 of a file's content, as 64 hex digits; read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
