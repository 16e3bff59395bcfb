"""
Python-level lint, by ruff's own binary: what it says of notebooks.

Ruff reads the files itself, all of them in one process. Its configuration is the project's: what that ignores, per
file too, is ignored, `# noqa` holds, and where the project says what to select, that is selected. What a rule of ours
says is not said twice, and undefined names are ours alone: ruff does not know what magics define.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct

from proofbook.exceptions import ConfigurationError, MachineError
from proofbook.lint.ruff_codes import DEFAULT, is_code, looks_around, said_by_ours
from proofbook.lint.ruff_settings import settings
from proofbook.model.configuration import LintConfiguration

__all__ = ["Edit", "Fix", "Place", "Reading", "Said", "Selection", "fingerprint", "said_of", "selection"]

_BYTES_OF_NAMES = 100_000
"""Of one command line: systems allow somewhat more."""
_SECONDS = 300
"""Ruff reads a thousand notebooks in one."""
_USAGE = 2
_WITHOUT = "lint without it by `python = []` in [tool.proofbook.lint]"


class Place(Struct, frozen=True):
    """Row and column, from 1, in characters: of a notebook's cell, else of the file."""

    row: int
    column: int


class Edit(Struct, frozen=True):
    """A piece of the source becomes another text."""

    content: str | None
    location: Place
    end_location: Place


class Fix(Struct, frozen=True):
    """What ruff would change."""

    applicability: str
    edits: tuple[Edit, ...]
    message: str | None = None


class Said(Struct, frozen=True):
    """One of ruff's findings, as it prints them."""

    filename: str
    location: Place | None
    message: str
    code: str | None = None
    name: str | None = None
    cell: int | None = None
    """Number of the cell, from 1, of all kinds; None in a script."""
    fix: Fix | None = None


class Selection(Struct, frozen=True, kw_only=True):
    """What ruff is asked for."""

    codes: tuple[str, ...] | None
    """Codes or prefixes; None: as the project's own configuration of ruff says. Empty: ruff is not run."""
    ignore: tuple[str, ...] = ()
    ours: frozenset[str] = frozenset()
    """Rules of ours that run: what they say is not said again."""


def selection(configuration: LintConfiguration, *, root: Path, ours: Iterable[str]) -> Selection:
    """
    What to ask ruff for.

    Args:
        configuration: `python` where it is said, and the codes among `select` that are ruff's; else what the project
            selects for ruff itself; else a few that are hardly ever wrong.
        root: The project's folder.
        ours: The rules of ours that run.
    """
    asked = tuple(code for code in configuration.select if is_code(code))
    codes: tuple[str, ...] | None = asked
    if configuration.python is not None:
        codes = (*configuration.python, *asked)
    elif not configuration.select:
        codes = None if settings(root.absolute()).selects else DEFAULT
    ignore = tuple("" if code == "ALL" else code for code in configuration.ignore if is_code(code))
    return Selection(codes=codes, ignore=ignore, ours=frozenset(ours))


def fingerprint(folder: Path, *, chosen: Selection) -> str | None:
    """
    What ruff's word on a notebook in `folder` hangs on beside the notebook itself; None where that cannot be told.

    Raises:
        MachineError: Ruff is not installed.
    """
    if chosen.codes is None or looks_around(chosen.codes):
        return None
    try:
        state = os.stat(_binary())  # noqa: PTH116 - many a second
    except OSError as error:
        raise MachineError(f"ruff cannot be run: {error.strerror}; install it, or {_WITHOUT}") from None
    return f"{state.st_size} {state.st_mtime_ns} {settings(folder).digest} {','.join(chosen.codes)}"


def said_of(content: bytes, path: Path, *, chosen: Selection) -> tuple[Said, ...]:
    """
    What ruff would say of the file at `path`, absolute, if it had this content.

    Raises:
        MachineError: Ruff is not installed, cannot be run, or fails.
    """
    if chosen.codes == ():
        return ()
    command = [*_command(chosen), "--stdin-filename", str(path), "-"]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MachineError(f"ruff cannot be run: {error}; install it, or {_WITHOUT}") from None
    if done.returncode not in {0, 1}:
        raise MachineError(f"ruff failed on {path} (exit code {done.returncode}); {_WITHOUT}")
    said = msgspec.json.decode(done.stdout or b"[]", type=tuple[Said, ...])
    return tuple(one for one in said if _wanted(one, chosen))


class Reading:
    """Ruff at work on many files, from the moment this is made."""

    def __init__(self, paths: Sequence[Path], *, chosen: Selection) -> None:
        """
        Begin.

        Args:
            paths: Notebooks and percent scripts, absolute.
            chosen: What ruff is asked for.

        Raises:
            MachineError: Ruff is not installed.
        """
        self.failures: dict[Path, str] = {}
        self._chosen = chosen
        # what of a name is not UTF-8, ruff does not write as it is
        self._named = {os.fsencode(path).decode("utf-8", "replace"): path for path in paths}
        self._waiting = list(_portions([str(path) for path in paths])) if chosen.codes != () else []
        self._running = _Process(self._waiting.pop(0), chosen=chosen) if self._waiting else None

    def said(self) -> dict[Path, tuple[Said, ...]]:
        """
        Wait for it: what it says, file by file; those of which it says nothing are left out.

        Files on which it breaks down are in `failures`, each with the reason.

        Raises:
            ConfigurationError: Ruff does not know a code, or cannot read its configuration.
            MachineError: It cannot be run.
        """
        found: dict[Path, list[Said]] = {}
        try:
            while self._running is not None:
                for said in self._running.said():
                    if _wanted(said, self._chosen):
                        place = self._named.get(said.filename, Path(said.filename))
                        found.setdefault(place, []).append(said)
                self.failures |= self._running.failures
                self._running.close()
                self._running = _Process(self._waiting.pop(0), chosen=self._chosen) if self._waiting else None
        finally:
            self.stop()
        return {path: tuple(said) for path, said in found.items()}

    def stop(self) -> None:
        """End it, if it still runs."""
        if self._running is not None:
            self._running.stop()
            self._running = None


class _Process:
    """One process of ruff's."""

    def __init__(self, names: list[str], *, chosen: Selection) -> None:
        self.failures: dict[Path, str] = {}
        self._names = names
        self._chosen = chosen
        command = [*_command(chosen), "--", *names]
        # files, not pipes: it need not wait for us to read
        self._out: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `stop`
        self._err: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self._out, stderr=self._err)
        except OSError as error:
            self.close()
            raise MachineError(f"ruff cannot be run: {error.strerror}; install it, or {_WITHOUT}") from None

    def said(self) -> tuple[Said, ...]:
        try:
            code = self._process.wait(timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            raise MachineError(f"ruff did not end within {_SECONDS} seconds; {_WITHOUT}") from None
        if code in {0, 1}:
            self._out.seek(0)
            with suppress(msgspec.MsgspecError):
                return msgspec.json.decode(self._out.read(), type=tuple[Said, ...])
        self._err.seek(0)
        told = self._err.read(4096).decode("utf-8", "replace")
        told = " ".join(told.replace("ruff failed", "").replace("Cause:", "").split())[:500]
        if code == _USAGE:
            raise ConfigurationError(f"ruff: {told}")
        if len(self._names) > 1:
            return self._halves()
        self.failures[Path(self._names[0])] = f"ruff failed on {self._names[0]} ({told or f'exit code {code}'})"
        return ()

    def _halves(self) -> tuple[Said, ...]:
        """Where it broke down: by halves, so that only the one file is lost that it cannot bear."""
        middle = len(self._names) // 2
        said: tuple[Said, ...] = ()
        for names in (self._names[:middle], self._names[middle:]):
            half = _Process(names, chosen=self._chosen)
            try:
                said += half.said()
                self.failures |= half.failures
            finally:
                half.stop()
        return said

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self.close()

    def close(self) -> None:
        self._out.close()
        self._err.close()


def _command(chosen: Selection) -> list[str]:
    return [
        _binary(), "check", "--output-format", "json", "--no-cache", "--force-exclude", "--quiet", "--no-fix",
        *(["--select", ",".join(chosen.codes)] if chosen.codes is not None else []),
    ]  # fmt: skip


def _wanted(said: Said, chosen: Selection) -> bool:
    """Whether it is not said by us, and not ignored: what ruff is asked for by `--select`, it no longer ignores."""
    code = said.code
    if code is None or not is_code(code):
        return False  # what cannot be parsed is PB215's, or PB807's
    ours = said_by_ours(code)
    if ours == "PB201" or ours in chosen.ours or code.startswith(chosen.ignore):
        return False
    return chosen.codes is None or not code.startswith(settings(Path(said.filename).parent).ignores)


def _portions(names: list[str]) -> Iterator[list[str]]:
    portion: list[str] = []
    size = 0
    for name in names:
        length = len(os.fsencode(name)) + 1
        if portion and size + length > _BYTES_OF_NAMES:
            yield portion
            portion, size = [], 0
        portion.append(name)
        size += length
    if portion:
        yield portion


@lru_cache(maxsize=1)
def _binary() -> str:
    with suppress(ImportError, FileNotFoundError):
        from ruff import find_ruff_bin

        return str(find_ruff_bin())
    found = shutil.which("ruff")
    if found is None:
        raise MachineError(f"ruff is not installed: `pip install ruff`, or {_WITHOUT}")
    return found
