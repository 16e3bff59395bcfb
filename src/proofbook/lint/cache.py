"""
What lint said of files, kept from one run to the next: by content, never by time stamp.

One file for each project and way of asking, in the user's own cache folder and nobody else's: a project that brings
its own answers along is not believed. It may be removed at any time; what is damaged, or could have been written by
somebody else, is removed and not looked at.
"""

import hashlib
import os
import platform
import stat
import sys
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

import proofbook
from proofbook.disk import atomic
from proofbook.exceptions import MachineError
from proofbook.lint import registry
from proofbook.lint.examined import Examined
from proofbook.model.configuration import LintConfiguration

__all__ = ["Cache", "folder"]

_FORMAT = b"proofbook lint 1\n"
_DIGEST = 32
_LARGEST = 256 * 1024 * 1024
_KEPT = 8
"""Ways of asking that are kept of one project: other options, other versions."""
_ROOMS = ("analyze", "lint", "model")


class _Kept(Struct, frozen=True):
    """The file's content: name of a notebook to what was said of it."""

    files: dict[str, Examined]


def folder() -> Path | None:
    """Where caches lie: `$PROOFBOOK_CACHE`, else below `$XDG_CACHE_HOME` or `~/.cache`; None where there is no home."""
    own = os.environ.get("PROOFBOOK_CACHE")
    if own:
        return Path(own).absolute()
    shared = os.environ.get("XDG_CACHE_HOME")
    with suppress(RuntimeError):
        return (Path(shared) if shared else Path("~/.cache").expanduser()).absolute() / "proofbook"
    return None


class Cache:
    """The answers of one project, asked in one way."""

    def __init__(self, root: Path, *, configuration: LintConfiguration, place: Path | None = None) -> None:
        """
        Read what is kept.

        Args:
            root: The project's folder.
            configuration: How it is asked.
            place: The folder of caches; by default the user's.
        """
        base = folder() if place is None else place
        project = hashlib.sha256(os.fsencode(root.absolute())).hexdigest()[:32]
        self._path = base / "lint" / project / f"{_way(configuration)}.msgpack" if base is not None else None
        self._files = self._read()
        self._changed = False

    @property
    def path(self) -> Path | None:
        """The file it is kept in."""
        return self._path

    def get(self, shown: str) -> Examined | None:
        """What was said of a file, whatever it holds now."""
        return self._files.get(shown)

    def put(self, shown: str, examined: Examined) -> None:
        """Keep what is said of a file now."""
        if self._files.get(shown) != examined:
            self._files[shown] = examined
            self._changed = True

    def forget(self, shown: str) -> None:
        """Keep nothing of a file."""
        self._changed |= self._files.pop(shown, None) is not None

    def save(self) -> None:
        """Write it down, if there is anything new. Where that cannot be done, the next run takes longer."""
        if self._path is None or not self._changed:
            return
        body = msgspec.msgpack.encode(_Kept(self._files))
        if len(body) > _LARGEST:
            return
        with suppress(MachineError, OSError):
            made = not self._path.parent.is_dir()
            atomic.write(self._path, _FORMAT + hashlib.sha256(body).digest() + body, durable=False, mode=0o600)
            self._changed = False
            if not made:
                self._tidy()

    def _read(self) -> dict[str, Examined]:
        if self._path is None:
            return {}
        content = b""
        try:
            content = _own(self._path)
            body = content[len(_FORMAT) + _DIGEST :]
            sum_of = content[len(_FORMAT) : len(_FORMAT) + _DIGEST]
            if content.startswith(_FORMAT) and hashlib.sha256(body).digest() == sum_of:
                return msgspec.msgpack.decode(body, type=_Kept).files
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError):
            pass
        with suppress(MachineError):
            atomic.remove(self._path)
        return {}

    def _tidy(self) -> None:
        """Remove what was kept of ways of asking that nobody asks in any more."""
        if self._path is None:
            return
        others = [(entry.stat().st_mtime_ns, entry.path) for entry in os.scandir(self._path.parent) if entry.is_file()]
        for _, path in sorted(others, reverse=True)[_KEPT:]:
            atomic.remove(Path(path))


def _own(path: Path) -> bytes:
    """The file's bytes; ValueError where somebody else could have written them."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        state = os.fstat(descriptor)
        others = stat.S_IWGRP | stat.S_IWOTH
        if not stat.S_ISREG(state.st_mode) or state.st_uid != os.geteuid() or state.st_mode & others:
            raise ValueError("not written by this user alone")
        if state.st_size > _LARGEST + len(_FORMAT) + _DIGEST:
            raise ValueError("too large")
        return file.read()


def _way(configuration: LintConfiguration) -> str:
    """Who asks, how, and with what: all that every answer hangs on."""
    parts = [
        proofbook.__version__, _sources(), sys.version, platform.machine(), sys.path,
        registry.RULE_MODULES, configuration,
    ]  # fmt: skip
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:32]


def _sources() -> list[tuple[str, int, int]]:
    """Our own files, and those that bring rules: who works on a rule is not answered by yesterday's."""
    package = Path(proofbook.__file__).parent
    places = [str(package / room) for room in _ROOMS]
    strangers = [sys.modules[name].__file__ for name in registry.RULE_MODULES if not name.startswith("proofbook.")]
    found = [_state(name) for name in strangers if name is not None]
    for place in places:
        for below, _, names in os.walk(place):
            found += [_state(f"{below}/{name}") for name in names if name.endswith(".py")]
    return sorted(found)


def _state(name: str) -> tuple[str, int, int]:
    state = os.stat(name)  # noqa: PTH116 - two hundred files in a millisecond
    return name, state.st_size, state.st_mtime_ns
