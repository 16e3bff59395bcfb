"""
What Ploomber made of a pipeline, kept under `.proofbook/cache/` and used again as long as it would make the same.

Loading Ploomber takes longer than all else that a build does itself, so a build first looks whether it is needed. A
recorded reading holds when whoever asks is the same (`identity`) and everything that the reading looked at is as it
was (`flow.observed`). The cache may be removed at any time.
"""

import hashlib
import locale
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

import proofbook
from proofbook.disk import atomic
from proofbook.exceptions import ProofbookError
from proofbook.flow import observed
from proofbook.flow.observed import Seen
from proofbook.lint.result import LintResult
from proofbook.model.pipeline import Pipeline

__all__ = ["CACHE", "Asked", "Reading", "anywhere", "asked_by", "find", "folders", "identity", "internal", "keep"]

CACHE = ".proofbook/cache"
_FORMAT = 2
_STORE = ".proofbook"
_STORES_OWN = {"layout", "proofbook.db", "blobs", "running", "live", "quarantine", "cache", "write.lock", "build.lock"}
_BESIDE = (".", "proofbook.db-", "write.lock.", "build.lock.")
"""How names begin of what comes and goes beside these."""
_KEPT = 8
"""Readings that are kept: of several entry points, and values of `--env--` flags."""
_LEVELS = 6
"""How many folders Ploomber goes up, in search of a pipeline."""


class Asked(Struct, frozen=True, kw_only=True):
    """How a whole pipeline was asked for."""

    entry: str | None = None
    """The pipeline's file as it was given; None where Ploomber looks for it."""
    env: tuple[str, ...] = ()
    """Flags `--env--NAME` and their values, as they were given."""
    force: bool = False
    """Whether every task shall run; that is not part of a reading."""


class Reading(Struct, frozen=True, kw_only=True):
    """A pipeline as Ploomber reads it, and lint's word on it."""

    identity: str
    root: str
    file: str
    """The pipeline's file, absolute."""
    pipeline: Pipeline
    notebooks: dict[str, bytes]
    """Task to its notebook with parameters injected."""
    parameters: dict[str, Any]
    """The pipeline's env, resolved."""
    lint: LintResult
    seen: Seen


def identity(asked: Asked) -> str:
    """
    Who asks, where, how, and with what installed: a digest.

    The installed distributions count by the names of their folders, which hold the versions: reading what stands in
    them would take longer than all the rest.
    """
    parts = [
        _FORMAT, proofbook.__version__, _sources(), sys.version, sys.executable, sys.prefix, sys.path, sys.warnoptions,
        sys.flags.utf8_mode, sys.flags.optimize, locale.getencoding(), sys.getfilesystemencoding(), _distributions(),
        str(Path.cwd()), os.getuid(), asked.entry, asked.env,
    ]  # fmt: skip
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()


def folders(asked: Asked) -> list[Path]:
    """Where the pipeline may lie, nearest first."""
    here = Path.cwd()
    if asked.entry is not None:
        return [(here / asked.entry).parent]
    return [here, *here.parents][:_LEVELS]


def internal(root: Path) -> Callable[[str], bool]:
    """Whether a path is the store's own affair, and none of what a task is made of: all but its blobs."""
    store, blobs = f"{root / _STORE}{os.sep}", f"{root / _STORE / 'blobs'}{os.sep}"

    def is_internal(path: str) -> bool:
        return f"{path}{os.sep}".startswith(store) and not path.startswith(blobs)

    return is_internal


def anywhere(path: str) -> bool:
    """
    Whether a path is what any store holds: what Ploomber makes of a pipeline does not depend on one.

    What else somebody put into such a folder counts. A project that lies in one has no recorded reading: see `keep`.
    """
    _, within, rest = path.rpartition(f"{os.sep}{_STORE}{os.sep}")
    first = rest.partition(os.sep)[0]
    return bool(within) and (first in _STORES_OWN or first.startswith(_BESIDE))


def find(asked: Asked) -> Reading | None:
    """The recorded reading for that question, if it still holds."""
    key = identity(asked)
    for folder in folders(asked):
        try:
            content = _path(folder, key).read_bytes()
            reading = msgspec.msgpack.decode(content, type=Reading)
        except (OSError, msgspec.DecodeError):
            continue
        if reading.identity == key and Path(reading.root) == folder and observed.holds(reading.seen):
            return reading
    return None


def keep(reading: Reading) -> bool:
    """
    Record a reading, if it is the same after it was written and read; whether it was.

    None is recorded of a project below a folder `.proofbook`: its files may pass for those of a store.
    """
    if _within_store(Path(reading.root)):
        return False
    try:
        content = msgspec.msgpack.encode(reading)
        if msgspec.msgpack.decode(content, type=Reading) != reading:
            return False
    except (TypeError, ValueError, OverflowError, RecursionError):
        return False  # a parameter that only Python knows
    # a cache that cannot be written costs time, and nothing else
    with suppress(ProofbookError, OSError):
        target = _path(Path(reading.root), reading.identity)
        atomic.write(target, content, durable=False, mode=0o600)
        _prune(target.parent)
        return True
    return False


def _within_store(root: Path) -> bool:
    return _STORE in root.absolute().parts or _STORE in root.resolve().parts


def _path(folder: Path, key: str) -> Path:
    return folder / CACHE / f"reading-{key[:32]}.msgpack"


def _prune(folder: Path) -> None:
    found = sorted(folder.glob("reading-*.msgpack"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
    for file in found[_KEPT:]:
        atomic.remove(file)


def _distributions() -> list[str]:
    """The names of what is installed, versions included, in the order in which Python looks."""
    found: list[str] = []
    for entry in sys.path:
        with suppress(OSError):
            found += sorted(name for name in os.listdir(entry or ".") if name.endswith(_METADATA))  # noqa: PTH208
    return found


_METADATA = (".dist-info", ".egg-info", ".egg-link", ".pth")


def _sources() -> list[tuple[str, int, int]]:
    """Our own files, so that whoever works on Proofbook itself is not answered by yesterday's."""
    package = Path(proofbook.__file__).parent
    if "site-packages" in package.parts:
        return []  # the version speaks for them
    found = []
    for folder, _, names in os.walk(package):
        for name in names:
            if name.endswith(".py"):
                status = os.stat(os.path.join(folder, name))  # noqa: PTH116, PTH118 - three hundred files in 2 ms
                found.append((name, status.st_size, status.st_mtime_ns))
    return sorted(found)


def asked_by(arguments: Sequence[str]) -> Asked | None:
    """What the flags of a build ask for, where that is a whole pipeline; None for any other flag."""
    entry, force, env = None, False, []
    words = iter(arguments)
    for word in words:
        if word in {"--force", "-f"}:
            force = True
            continue
        name, equals, value = word.partition("=")
        is_entry = name in {"--entry-point", "-e"} and entry is None
        if not (is_entry or name.startswith("--env--")):
            return None
        if not equals:
            value = next(words, "")
        if not value:
            return None
        if is_entry:
            entry = value
        else:
            env += [name, value]
    return Asked(entry=entry, env=tuple(env), force=force)
