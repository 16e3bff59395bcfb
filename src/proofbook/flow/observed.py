"""
What a piece of work looked at on the way to its result, and whether all of that is still the same.

`watch` notes, as long as it is open, every file that this process opens for reading, every folder that it lists,
every name whose presence it asks about, every variable of the environment that it reads, and every module that it
imports. A result may be used again as long as `holds` says yes: that is by content, never by time stamp. Where
something was done that cannot be looked at again (a process was started, a connection opened, a device read), or a
file was touched meanwhile, there is nothing to hold on to, and `Watch.seen` is None: the work is then done again.

A limit: the interpreter tells nobody that the clock was read, or a random number drawn. Ploomber's `{{now}}` refuses,
through `refuse`. But where code of the project runs in the work that is watched (a module that is imported for a
function task or a dotted path), what it makes of the time or of chance is taken to be the same the next time. So is
what compiled code reads by itself, without Python's `open`.
"""

import hashlib
import os
import stat
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from msgspec import Struct, structs

import proofbook
from proofbook.disk.atomic import digest_of
from proofbook.lint import declaration_files

__all__ = ["Seen", "Watch", "holds", "loosened", "refuse", "watch"]

_UNREPEATABLE = (
    "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "pty.spawn", "socket.connect",
    "socket.bind", "socket.getaddrinfo", "socket.gethostby", "sqlite3.connect", "urllib.", "ftplib.", "http.",
)  # fmt: skip
_TICK = 20_000_000
"""Nanoseconds by which the kernel's clock for time stamps may be behind."""
_SECOND = 1_000_000_000
_NO_LINK = "no link"
_NOT_HASHED = "no file"
_DEPENDENCIES = "proofbook.lint.dependencies"
"""The module that lists folders for such names only."""
_STREAMS = ("null", "zero", "full", "random", "urandom", "tty", "ptmx", "console", "stdin", "stdout", "stderr")
"""Names below `/dev` that hold nothing; what else is there may be a file as any other, in `/dev/shm` for one."""


class Seen(Struct, frozen=True, kw_only=True):
    """What was looked at. Paths are absolute."""

    files: dict[str, str] = {}
    """File to the digest of its content; empty where there was none."""
    kinds: dict[str, str] = {}
    """Path to what stood there: `file`, `folder`, `other`, `link TARGET`, `no link`, or empty for nothing."""
    folders: dict[str, str] = {}
    """Folder to the digest of the names in it and their kinds; empty where there was none."""
    modules: dict[str, list[str]] = {}
    """Folder of modules to those of the imported names that it has."""
    declarations: dict[str, list[str]] = {}
    """Folder that was searched for files that declare packages to those that it has."""
    names: list[str] = []
    """The names that were imported."""
    environment: dict[str, str | None] = {}


def holds(seen: Seen) -> bool:
    """Whether everything is as it was."""
    return (
        all(os.environ.get(name) == value for name, value in seen.environment.items())
        and all(_is(path, kind) for path, kind in seen.kinds.items())
        and all(_listing(path) == digest for path, digest in seen.folders.items())
        and all(_modules(folder, set(seen.names)) == found for folder, found in seen.modules.items())
        and all(_declarations(folder) == found for folder, found in seen.declarations.items())
        and all(_digest(path) == digest for path, digest in seen.files.items())
    )


def loosened(seen: Seen, *, free: Callable[[str], bool], irrelevant: Callable[[str], bool]) -> Seen:
    """
    The same, where it was asked but does not matter what stands somewhere.

    Args:
        seen: What was looked at.
        free: Whether anything may stand at a path, or nothing, as long as it does not lead elsewhere.
        irrelevant: Whether a file's content does not matter.
    """
    return structs.replace(
        seen,
        kinds={
            path: _NO_LINK if free(path) and not kind.startswith("link ") else kind for path, kind in seen.kinds.items()
        },
        files={path: digest for path, digest in seen.files.items() if not irrelevant(path)},
    )


class Watch:
    """
    Notes while it is open; `seen` afterwards says what.

    Args:
        ignored: Whether a path is left out: for what is checked in another way.
    """

    def __init__(self, *, ignored: Callable[[str], bool]) -> None:
        self.seen: Seen | None = None
        self.refused = ""
        """Why there is nothing to hold on to."""
        self._ignored = ignored
        self._began = time.time_ns()
        self._files: set[str] = set()
        self._kinds: dict[str, str] = {}
        self._folders: set[str] = set()
        self._searched: set[str] = set()
        self._asked_for_declarations: set[str] = set()
        self._names: set[str] = set()
        self._environment: dict[str, str | None] = {}
        self._busy = False

    def refuse(self, reason: str) -> None:
        """Note that what is done cannot be repeated."""
        self.refused = self.refused or reason

    def note(self, event: str, given: tuple[Any, ...]) -> None:
        """Take an audit event of the interpreter."""
        if self._busy:
            return
        self._busy = True
        try:
            self._take(event, given)
        except Exception as error:  # noqa: BLE001 - what is raised here would be raised in the work that is watched
            self.refuse(f"{event}: {error}")
        finally:
            self._busy = False

    def _take(self, event: str, given: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = given
            if not _only_written(mode, flags) and (place := self._place(path)):
                self._files.add(place)
        elif event in {"os.listdir", "os.scandir"}:
            if place := self._place(given[0] if given[0] is not None else "."):
                # an import, or a search for what is installed, looks for certain names only
                by = sys._getframe(3).f_globals.get("__name__", "")  # noqa: SLF001
                if by == _DEPENDENCIES:
                    self._asked_for_declarations.add(place)
                else:
                    (self._searched if by.startswith(("importlib", "_frozen")) else self._folders).add(place)
        elif event == "import":
            self._names.update(str(given[0]).split("."))
            self._searched.update(place for entry in given[2] or () if (place := self._place(entry or ".")))
        elif event.startswith(_UNREPEATABLE) and not (event.startswith("sqlite3.") and self._own(given[0])):
            self.refuse(f"{event} {given[:1]}")

    def looked(self, path: Any) -> None:
        """Note that somebody asked what stands at `path`."""
        if self._busy:
            return
        self._busy = True
        try:
            if (place := self._place(path)) and place not in self._kinds:
                self._kinds[place] = _kind(place)
        except (TypeError, ValueError):
            pass  # no path at all: who asked is told so
        finally:
            self._busy = False

    def read_variable(self, name: str, value: str | None) -> None:
        """Note a variable of the environment."""
        self._environment.setdefault(name, value)

    def _own(self, database: object) -> bool:
        """Whether a database is left out; its connection, once open, was asked about before."""
        if not isinstance(database, str | bytes | os.PathLike):
            return True
        name = os.fsdecode(database)
        return self._ignored(unquote(urlsplit(name).path) if name.startswith("file:") else os.path.abspath(name))  # noqa: PTH100

    def _place(self, path: Any) -> str | None:
        """The absolute path, where it counts."""
        if isinstance(path, int):
            return None
        place = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - `resolve` would follow links
        counts = not (f"{place}/".startswith(_installed()) or "/__pycache__" in place or self._ignored(place))
        return place if counts else None

    def close(self) -> None:
        """Look at everything again, and keep what it was."""
        if self.refused:
            return
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if isinstance(file, str) and file.endswith(".py") and (place := self._place(file)):
                self._files.add(place)
                self._names.update(name.split("."))
            self._names.add(name.partition(".")[0])
        # a project's module may stand beside the one that imports it
        self._searched.update(os.path.dirname(file) for file in self._files if file.endswith(".py"))  # noqa: PTH120
        try:
            self.seen = Seen(
                files={path: self._untouched(path) for path in sorted(self._files) if not os.path.isdir(path)},  # noqa: PTH112
                kinds=dict(sorted(self._kinds.items())),
                folders={path: _listing(path) for path in sorted(self._folders)},
                modules={path: _modules(path, self._names) for path in sorted(self._searched)},
                declarations={path: _declarations(path) for path in sorted(self._asked_for_declarations)},
                names=sorted(self._names),
                environment=self._environment,
            )
        except OSError as error:
            self.refuse(str(error))

    def _untouched(self, path: str) -> str:
        """The digest of a file that was not written to since this watch began: then it is what was read."""
        digest = _digest(path)
        if digest == _NOT_HASHED:
            raise OSError(f"{path} is a device or a pipe")
        if digest:
            changed = os.stat(path).st_ctime_ns  # noqa: PTH116
            # some file systems know whole seconds only
            margin = _TICK if changed % _SECOND else 2 * _SECOND
            if changed > self._began - margin:
                raise OSError(f"{path} was written to meanwhile")
        return digest


_current: Watch | None = None
_hooked = False


@contextmanager
def watch(*, ignored: Callable[[str], bool]) -> Iterator[Watch]:
    """Watch this process in the block. Not nested; what other threads do counts as well."""
    global _current, _hooked  # noqa: PLW0603 - an audit hook is for the whole process, and for ever
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked = True
    watching = Watch(ignored=ignored)
    with _patched(watching):
        _current = watching
        try:
            yield watching
        finally:
            _current = None
    watching.close()


def refuse(reason: str) -> None:
    """Tell whoever watches that what is done now cannot be repeated."""
    if _current is not None:
        _current.refuse(reason)


def _hook(event: str, given: tuple[Any, ...]) -> None:
    watching = _current
    if watching is not None:
        watching.note(event, given)


@contextmanager
def _patched(watching: Watch) -> Iterator[None]:
    """Questions about names and variables raise no audit events: they are heard where Python code asks them."""
    environ = type(os.environ)
    item, members = environ.__getitem__, environ.__iter__

    def asked(self: Any, name: str) -> str:
        try:
            value = item(self, name)
        except KeyError:
            watching.read_variable(name, None)
            raise
        watching.read_variable(name, value)
        return value

    def listed(self: Any) -> Iterator[str]:
        for name in members(self):
            watching.read_variable(name, item(self, name))
            yield name
        watching.refuse("all of the environment was read")

    before = {name: getattr(os, name) for name in ("stat", "lstat", "access", "readlink")}
    for name, original in before.items():
        setattr(os, name, partial(_heard, watching, original))
    environ.__getitem__, environ.__iter__ = asked, listed  # type: ignore[method-assign]
    try:
        yield
    finally:
        environ.__getitem__, environ.__iter__ = item, members  # type: ignore[method-assign]
        for name, original in before.items():
            setattr(os, name, original)


def _heard(watching: Watch, original: Callable[..., Any], path: Any, *given: Any, **named: Any) -> Any:
    watching.looked(path)
    return original(path, *given, **named)


@cache
def _installed() -> tuple[str, ...]:
    """What the versions of Python and of the installed distributions (ours among them) speak for; what is no file."""
    paths = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    paths.add(str(Path(proofbook.__file__).parent))
    streams = (f"/dev/{name}/" for name in _STREAMS)
    terminals = (f"/dev/tty{kind}" for kind in ("S", "USB", "ACM", *map(str, range(10))))
    folders = (f"{path}{os.sep}" for path in sorted(paths))
    return (*folders, *streams, *terminals, "/dev/pts/", "/dev/fd/", "/proc/", "/sys/")


def _only_written(mode: Any, flags: Any) -> bool:
    if isinstance(mode, str):
        return not ({"r", "+"} & set(mode))
    return isinstance(flags, int) and flags & os.O_ACCMODE == os.O_WRONLY


def _is(path: str, kind: str) -> bool:
    found = _kind(path)
    return not found.startswith("link ") if kind == _NO_LINK else found == kind


def _kind(path: str) -> str:
    """What stands at a path; a link is one thing, what it leads to another."""
    try:
        status = os.lstat(path)
        if not stat.S_ISLNK(status.st_mode):
            return _named(status.st_mode)
        target = os.readlink(path)  # noqa: PTH115
        return f"link {target} {_named(os.stat(path).st_mode)}"  # noqa: PTH116
    except (OSError, ValueError):
        return ""


def _named(mode: int) -> str:
    return "file" if stat.S_ISREG(mode) else "folder" if stat.S_ISDIR(mode) else "other"


def _listing(folder: str) -> str:
    try:
        with os.scandir(folder) as entries:
            names = sorted(f"{entry.name}\0{_kind(entry.path)}" for entry in entries)
    except OSError:
        return ""
    return hashlib.sha256("\0\0".join(names).encode("utf-8", "surrogateescape")).hexdigest()


def _modules(folder: str, names: set[str]) -> list[str]:
    """Which of `names` an import would find in `folder`, and as what; and what is installed there."""
    try:
        found = os.listdir(folder)  # noqa: PTH208
    except OSError:
        return []
    return sorted(name for name in found if _importable(name, names))


def _declarations(folder: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if declaration_files.is_one(name))  # noqa: PTH208
    except OSError:
        return []


def _importable(name: str, names: set[str]) -> bool:
    first, _, rest = name.partition(".")
    suffix = rest.rpartition(".")[2]
    return suffix in {"dist-info", "egg-info"} or (first in names and suffix in {"", "py", "pyc", "so", "pyd"})


def _digest(path: str) -> str:
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            return _NOT_HASHED  # to read it may take for ever
        return digest_of(Path(path))
    except OSError:
        return ""
