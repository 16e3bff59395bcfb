"""
Bytes by their SHA-256.

A blob is durable before anything names it: temporary file in the same folder, write, fsync, link to its name, fsync
of the folder. Integrity is the hash, never the permission bits.
"""

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from proofbook.disk import atomic
from proofbook.disk.locks import Lock
from proofbook.exceptions import BlobCorruptError, StoreError

__all__ = ["Blobs", "Together"]

_DIGEST = re.compile(r"[0-9a-f]{64}")


class Together:
    """
    Blobs that are made durable at once: see `Blobs.together`.

    Args:
        blobs: Where they go.
        durable: Digests, and first two digits, of the names that are known to be durable; added to.
    """

    def __init__(self, blobs: "Blobs", durable: set[str]) -> None:
        self._blobs = blobs
        self._durable = durable
        self._new: set[str] = set()
        self._publication = atomic.Publication()

    def put(self, content: bytes) -> str:
        """Keep `content`. Returns its digest. Raises as `Blobs.put`."""
        digest = hashlib.sha256(content).hexdigest()
        self._keep(digest, (content,), size=len(content))
        return digest

    def put_file(self, path: Path) -> str:
        """Keep the content of a file. Raises as `Blobs.put_file`."""
        try:
            start = list(islice(atomic.chunks_of(path), 2))
            if len(start) < 2:
                # all of it, read once
                return self.put(b"".join(start))
            size, digest = path.stat().st_size, atomic.digest_of(path)
        except OSError as error:
            raise StoreError(f"{path} cannot be read ({error.strerror}): it was not kept") from error
        self._keep(digest, atomic.chunks_of(path), size=size)
        return digest

    def _keep(self, digest: str, chunks: Iterable[bytes], *, size: int) -> None:
        if digest in self._new:
            return
        lies, path, known = self._blobs.lies(digest, size), self._blobs.path(digest), digest[:2] in self._durable
        if lies and digest in self._durable:
            return
        # who wrote the blob, or made its folder, may have been killed before the name was durable
        if lies:
            self._publication.sync(path.parent)
            if not known:
                self._publication.sync(path.parent.parent)
        else:
            if not known:
                self._publication.make_folder(path.parent, mode=0o700)
                self._new.add(digest[:2])
            self._publication.add(path, chunks, digest=digest, needs=size)
        self._new.add(digest)

    def finish(self) -> None:
        """Make them durable. Raises MachineError."""
        self._publication.finish()
        self._durable |= self._new

    def cancel(self) -> None:
        """Keep none of those that are not durable yet."""
        self._publication.cancel()


class Blobs:
    """
    The blobs of one store.

    Args:
        folder: The folder of the store.
        lock: The one writer lock of the store.
        writable: Whether the folder can be written to.
    """

    def __init__(self, folder: Path, *, lock: Lock, writable: bool) -> None:
        self._folder = folder / "blobs"
        self._quarantine = folder / "quarantine"
        self._lock = lock
        self._writable = writable
        # digests, and first two digits, of the names that this process knows to be durable
        self._durable: set[str] = set()

    def put(self, content: bytes) -> str:
        """
        Keep `content`; a second time costs nothing.

        Returns:
            Its digest. The blob is durable then.

        Raises:
            MachineError: The disk is full, the store is read-only ...
        """
        with self.together() as these:
            return these.put(content)

    def put_file(self, path: Path) -> str:
        """
        Keep the content of a file, as a copy: no later write to the file reaches the blob.

        Raises:
            MachineError: As `put`; the file cannot be read, or changed meanwhile.
        """
        with self.together() as these:
            return these.put_file(path)

    @contextmanager
    def together(self) -> Iterator["Together"]:
        """What is put in this block is durable at its end, and may not be before: the disk is waited for once."""
        these = Together(self, self._durable)
        try:
            yield these
            these.finish()
        finally:
            these.cancel()

    def get(self, digest: str) -> bytes:
        """The bytes of a blob, verified. Raises BlobCorruptError where they are missing or damaged."""
        path = self.path(digest)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise _unreadable(digest, error) from error
        if hashlib.sha256(content).hexdigest() != digest:
            raise self._damaged(digest)
        return content

    def __call__(self, digest: str) -> bytes:
        """As `get`: the blobs themselves are what the gate loads payloads by."""
        return self.get(digest)

    def verified(self, digest: str) -> Path:
        """The file of a blob, read to its end and found sound: for what is too large for memory. Raises as `get`."""
        path = self.path(digest)
        try:
            found = atomic.digest_of(path)
        except OSError as error:
            raise _unreadable(digest, error) from error
        if found != digest:
            raise self._damaged(digest)
        return path

    def has(self, digest: str) -> bool:
        """Whether the blob is there; its bytes are not looked at."""
        return self._size(digest) is not None

    def write_to(self, digest: str, path: Path) -> None:
        """
        Put a copy of a blob at `path`, durably and wholly or not at all.

        Raises:
            BlobCorruptError: The blob is missing or damaged; `path` is untouched.
            MachineError: The disk is full ...
        """
        source = self.path(digest)
        if self._size(digest) is None:
            raise _unreadable(digest, FileNotFoundError())
        if not atomic.copy(source, path, digest=digest):
            raise self._damaged(digest)

    def check(self, digest: str) -> None:
        """Read a blob to the end, change nothing. Raises BlobCorruptError where it is missing or damaged."""
        try:
            found = atomic.digest_of(self.path(digest))
        except OSError as error:
            raise _unreadable(digest, error) from error
        if found != digest:
            raise BlobCorruptError(f"blob {digest} is damaged: its bytes do not hash to its name")

    def path(self, digest: str) -> Path:
        """Where a blob lies, or would lie. Raises StoreError where `digest` is not 64 hex digits."""
        return Path(self._place(digest))

    def _place(self, digest: str) -> str:
        # a text: this is asked some ten times for each task
        if not _DIGEST.fullmatch(digest):
            raise StoreError(f"{digest!r} is not the name of a blob: 64 lower-case hex digits are")
        return f"{self._folder}/{digest[:2]}/{digest[2:]}"

    def each(self) -> Iterator[str]:
        """The digests of all blobs, in order; other files are passed over."""
        for folder in sorted(self._folder.iterdir()):
            for file in sorted(folder.iterdir()) if folder.is_dir() else ():
                if _DIGEST.fullmatch(folder.name + file.name):
                    yield folder.name + file.name

    def sweep(self) -> None:
        """Remove the temporary files that killed processes left."""
        for folder in self._folder.iterdir():
            if folder.is_dir():
                atomic.sweep(folder)

    def lies(self, digest: str, size: int) -> bool:
        """Whether a blob is there already and looks whole; one of another size is set aside. Raises StoreError."""
        if not self._writable:
            raise StoreError(f"the store {self._folder.parent} is read-only: nothing can be kept in it")
        found = self._size(digest)
        if found is None:
            return False
        if found != size:
            self._set_aside(digest)
            return self.has(digest)
        return True

    def _size(self, digest: str) -> int | None:
        try:
            found = os.lstat(self._place(digest))
        except OSError:
            return None
        return found.st_size if stat.S_ISREG(found.st_mode) else None

    def _damaged(self, digest: str) -> BlobCorruptError:
        aside = self._set_aside(digest)
        where = f"; it was set aside at {aside}" if aside else ""
        return BlobCorruptError(
            f"blob {digest} is damaged: its bytes do not hash to its name{where}; `proofbook build` makes it again"
        )

    def _set_aside(self, digest: str) -> Path | None:
        """Move a damaged blob away, so that the next good one finds its place free."""
        self._durable.discard(digest)
        if not self._writable:
            return None
        # no waiting: this process may itself hold the lock
        held = self._lock.attempt()
        if held is None:
            return None
        with held:
            path = self.path(digest)
            # another process may have replaced it by a good one since it was read
            if not path.exists() or atomic.digest_of(path) == digest:
                return None
            target = self._quarantine / digest
            count = 0
            while target.exists():
                count += 1
                target = self._quarantine / f"{digest}.{count}"
            atomic.move(path, target)
            return target


def _unreadable(digest: str, error: OSError) -> BlobCorruptError:
    if isinstance(error, FileNotFoundError):
        return BlobCorruptError(f"blob {digest} is missing from the store: `proofbook build` makes it again")
    return BlobCorruptError(f"blob {digest} cannot be read ({error.strerror})")
