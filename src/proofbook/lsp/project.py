"""The project that a notebook lies in: its configuration and its pipeline, read again when their files change."""

import os
from pathlib import Path

from proofbook.exceptions import ProofbookError
from proofbook.flow import configuration, projects
from proofbook.lint import baseline, registry
from proofbook.lint.baseline import Baseline
from proofbook.lint.rule import Project
from proofbook.model.configuration import LintConfiguration

__all__ = ["Surroundings", "folder_of"]

_MARKS = ("pipeline.yaml", "proofbook.toml", "pyproject.toml", ".git")
_FILES = ("pyproject.toml", "proofbook.toml", "pipeline.yaml", "env.yaml")


def folder_of(path: Path, *, within: Path | None) -> Path:
    """The project's folder: the nearest above the notebook that holds one of its files, else `within`, else its own."""
    for folder in path.parents:
        if any((folder / mark).exists() for mark in _MARKS):
            return folder
        if folder == within:
            break
    return within if within is not None and path.is_relative_to(within) else path.parent


class Surroundings:
    """One project's folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.lint = LintConfiguration()
        self.baseline: Baseline | None = None
        self.problem: str | None = None
        """Why configuration or pipeline cannot be read; what can be is used."""
        self._pipeline = projects.Known()
        self._state: tuple[tuple[int, int] | None, ...] | None = None

    def refresh(self) -> bool:
        """Read again what has changed on disk since; whether anything has."""
        if tuple(map(self._looked, (*_FILES, self.lint.baseline))) == self._state:
            return False
        self.lint, self._pipeline, self.baseline, self.problem = LintConfiguration(), projects.Known(), None, None
        try:
            self._pipeline = projects.known(self.root)
            found = configuration.load(self.root).lint
            registry.selected(found)  # refuses codes that no rule has
            self.lint = found
            self.baseline = baseline.read(self.root / found.baseline)
        except ProofbookError as error:
            self.problem = str(error)
        self._state = tuple(map(self._looked, (*_FILES, self.lint.baseline)))
        return True

    def project(self, path: Path, *, shown: str) -> Project | None:
        """What the pipeline knows of a notebook; of other notebooks nothing is read for it."""
        return projects.project(self._pipeline, path.resolve(), shown=shown, recorded={})

    def shown(self, path: Path) -> str:
        """How findings name the notebook."""
        try:
            return path.relative_to(self.root).as_posix()
        except ValueError:
            return str(path)

    def _looked(self, name: str) -> tuple[int, int] | None:
        try:
            state = os.stat(self.root / name)  # noqa: PTH116 - at every change of a notebook
        except OSError:
            return None
        return state.st_mtime_ns, state.st_size
