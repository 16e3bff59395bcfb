"""Ruff's part of a lint run: it reads the files while our rules do, and is waited for at the end."""

import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from msgspec.structs import replace

from proofbook.analyze import source
from proofbook.exceptions import MachineError, NotebookError
from proofbook.flow.examining import File
from proofbook.lint import ruff, ruff_findings, ruff_settings
from proofbook.lint.examined import Examined, digest, placed
from proofbook.model.configuration import LintConfiguration
from proofbook.model.finding import Finding

__all__ = ["PythonLevel"]

_AT_ONCE = 16 * 1024 * 1024
"""Bytes up to which ruff reads a file while we do; a larger one is only shown to it if we could read it."""


class PythonLevel:
    """Ruff's part of it: begun early, waited for at the end."""

    def __init__(
        self, root: Path, files: Sequence[File], *, configuration: LintConfiguration, ours: Sequence[str]
    ) -> None:
        ruff_settings.forget()
        self._files = files
        self._chosen = ruff.selection(configuration, root=root, ours=ours)
        self._prints: dict[Path, str | None] = {}
        self._failure = ""
        self._reading: ruff.Reading | None = None
        early = [file for file in files if file.path.suffix in {".ipynb", ".py"} and self._unknown(file)]
        self._asked = [file for file in early if _is_file(file.path)]
        self._later = [file for file in early if file not in self._asked]
        self._begin(self._asked)

    def place(self) -> str:
        """Wait for ruff, and add its word to what is known of each file; why it has none, where it fails."""
        self._gather(self._asked)
        late = [file for file in self._later if file.examined is not None and file.examined.python]
        if late and not self._failure:
            self._begin(late)
            self._gather(late)
        return self._failure

    def asks_for(self, code: str) -> bool:
        """Whether this run would have told of what has this code."""
        codes = self._chosen.codes
        return not self._failure and (codes is None or code.startswith(codes) or "ALL" in codes)

    def stop(self) -> None:
        if self._reading is not None:
            self._reading.stop()

    def _unknown(self, file: File) -> bool:
        if self._chosen.codes == () or self._failure:
            return False
        try:
            wanted = self._print(file)
        except MachineError as error:
            self._failure = str(error)
            return False
        return wanted is None or file.examined is None or file.examined.ruff != wanted

    def _print(self, file: File) -> str | None:
        folder = file.path.absolute().parent
        if folder not in self._prints:
            self._prints[folder] = ruff.fingerprint(folder, chosen=self._chosen)
        return self._prints[folder]

    def _begin(self, files: Sequence[File]) -> None:
        try:
            self._reading = ruff.Reading([file.path.absolute() for file in files], chosen=self._chosen)
        except MachineError as error:
            self._failure = str(error)

    def _gather(self, files: Sequence[File]) -> None:
        if self._reading is None or self._failure:
            return
        try:
            said = self._reading.said()
        except MachineError as error:
            self._failure = str(error)
            return
        lost = self._reading.failures
        for file in files:
            if file.examined is None:
                continue
            place = file.path.absolute()
            known = self._print(file) if place not in lost else None
            about = said.get(place, ()) if file.examined.python else ()
            file.examined = replace(
                file.examined, ruff=known, python_findings=_python_level(file, file.examined, about)
            )
        if lost:
            more = f", and on {len(lost) - 1} more" if len(lost) > 1 else ""
            self._failure = f"{next(iter(lost.values()))}{more}: what it would say of that is missing"


def _python_level(file: File, examined: Examined, said: Sequence[ruff.Said]) -> tuple[Finding, ...]:
    if not said:
        return ()
    with suppress(NotebookError):
        content = source.read_bytes(file.path, shown=file.shown)
        if digest(content) == examined.digest:
            notebook = source.parse(content, path=file.shown)
            found = ruff_findings.findings(notebook, said)
            return placed(tuple(finding for finding, _ in found), notebook, content=content)
    return ()


def _is_file(path: Path) -> bool:
    """Whether it is a regular file that ruff may read before we have."""
    try:
        state = path.stat()
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(state.st_mode) and state.st_size <= _AT_ONCE
