"""
Nothing to do: a build that stands is answered from a record, without loading Ploomber, the store or a table library.

After a good build everything is looked at once more, as `proofbook status` does. If all tasks are up to date, a
record is written of all that this depends on: whatever Ploomber's reading and lint looked at, every source, module,
data file, product and blob, by content (hashed each time: 100 MB take 0.06 s), the configuration, the commit, what is
installed, and the store's database. Any new run, promotion or word of the gate changes the last, and so makes the
record void. What the gate said is part of it: a build that it refused stays refused.
"""

import hashlib
import os
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from proofbook.disk import atomic
from proofbook.exceptions import ProofbookError
from proofbook.flow import observed, reading
from proofbook.flow.observed import Seen
from proofbook.flow.reading import Asked

__all__ = ["Standing", "find", "forget", "keep", "state_of_code", "state_of_store"]

_NAME = "standing.msgpack"


class Standing(Struct, frozen=True, kw_only=True):
    """A run that still stands, and what its build ended with."""

    identity: str
    seen: tuple[Seen, ...]
    store: str
    code: str | None
    run: int
    tasks: int
    exit_code: int
    decision: str
    reasons: tuple[str, ...] = ()
    manifest: bytes
    """The run, as canonical JSON."""
    gate: bytes
    """The gate's result as JSON; `null` where there is none."""
    report: str
    findings: str = ""
    """What lint had to say, and went ahead with."""


def find(asked: Asked) -> Standing | None:
    """The run that such a build would only repeat; None where there is anything to do, or any doubt."""
    if asked.force:
        return None
    key = reading.identity(asked)
    for folder in reading.folders(asked):
        try:
            content = (folder / reading.CACHE / _NAME).read_bytes()
            standing = msgspec.msgpack.decode(content, type=Standing)
        except (OSError, msgspec.DecodeError):
            continue
        if standing.identity == key and _stands(standing, folder):
            return standing
    return None


def _stands(standing: Standing, root: Path) -> bool:
    return (
        bool(standing.store)
        # None is no state: whether there was a commit is not known
        and standing.code is not None
        and standing.code == state_of_code(root)
        and standing.store == state_of_store(root)
        and all(observed.holds(seen) for seen in standing.seen)
        # once more, and last: no build has begun while we looked
        and standing.store == state_of_store(root)
    )


def keep(standing: Standing, *, root: Path) -> None:
    """Record what stands, where the state of the code is known."""
    if standing.code is None:
        return
    with suppress(ProofbookError, OSError, TypeError, ValueError):
        atomic.write(root / reading.CACHE / _NAME, msgspec.msgpack.encode(standing), durable=False, mode=0o600)


def forget(root: Path) -> None:
    """Remove the record. Nothing depends on that: a record that does not hold is not used."""
    with suppress(ProofbookError, OSError):
        atomic.remove(root / reading.CACHE / _NAME)


def state_of_store(root: Path) -> str:
    """
    Digest of the store's database; empty where it is being written, or was left half-written.

    For processes that have no connection open: closing the file would drop SQLite's locks on it.
    """
    database = root / ".proofbook" / "proofbook.db"
    try:
        before = atomic.digest_of(database)
    except OSError:
        return ""
    pending = any(database.with_name(f"{database.name}-{name}").exists() for name in ("journal", "wal"))
    return "" if pending else before


def state_of_code(root: Path) -> str | None:
    """
    Digest of which commit is checked out, read without git: a new commit makes a new run, though nothing runs in it.

    Empty where there is no repository, None where only git itself can tell: it keeps its references in other files.
    """
    for folder in (root, *root.parents):
        git = folder / ".git"
        if git.is_file():
            # a worktree: the file says where its folder is
            with suppress(OSError):
                git = folder / git.read_text(encoding="utf-8", errors="replace").removeprefix("gitdir:").strip()
        if git.is_dir():
            head = _head(git)
            return None if head is None else hashlib.sha256(b"\0".join(head)).hexdigest()
    return ""


def _head(git: Path) -> list[bytes] | None:
    """What says which commit it is; None where references are kept in another format, or lead to others."""
    head = _content(git / "HEAD")
    shared = _content(git / "commondir").decode(errors="replace").strip()
    common = git / shared if shared else git
    if (common / "reftable").exists() or not head:
        return None
    if not head.startswith(b"ref:"):
        return [head]
    name = os.fsdecode(head.removeprefix(b"ref:").strip())
    found = [_content(git / name), _content(common / name)]
    if name.endswith("/.invalid") or any(content.startswith(b"ref:") for content in found):
        return None
    return [head, *found, _content(common / "packed-refs")]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
