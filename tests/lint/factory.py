"""Notebooks made in code, and what a rule is expected to say of them."""

import json
import tempfile
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from proofbook.analyze import source
from proofbook.exceptions import NotebookError
from proofbook.lint import engine, fixing
from proofbook.lint.fix import Fix
from proofbook.lint.rule import Project
from proofbook.model.configuration import LintConfiguration
from proofbook.model.finding import Finding
from proofbook.model.notebook import Notebook


def code(
    text: str, *tags: str, count: int | None = None, outputs: tuple[dict[str, Any], ...] = (), **metadata: Any
) -> dict[str, Any]:
    """A code cell."""
    return {
        "cell_type": "code",
        "metadata": {"tags": list(tags), **metadata},
        "source": text,
        "execution_count": count,
        "outputs": list(outputs),
    }


def parameters(text: str = "upstream = None\nproduct = None") -> dict[str, Any]:
    """A parameters cell."""
    return code(text, "parameters")


def markdown(text: str, *tags: str, **metadata: Any) -> dict[str, Any]:
    """A markdown cell."""
    return {"cell_type": "markdown", "metadata": {"tags": list(tags), **metadata}, "source": text}


def content(
    *cells: dict[str, Any] | str, language: str = "python", layout: dict[str, Any] | None = None, **metadata: Any
) -> bytes:
    """The bytes of an `.ipynb`; text is a code cell. Cells are called `a`, `b`, `c` ..."""
    made = [code(cell) if isinstance(cell, str) else cell for cell in cells]
    numbered = [{"id": chr(ord("a") + number), **cell} for number, cell in enumerate(made)]
    document = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"language_info": {"name": language}, **metadata},
        "cells": numbered,
    }
    return json.dumps(document, **layout or {}).encode()


def notebook(*cells: dict[str, Any] | str, language: str = "python", **metadata: Any) -> Notebook:
    """The same, read."""
    return source.parse(content(*cells, language=language, **metadata), path="example.ipynb")


@dataclass(frozen=True)
class Case:
    """One notebook, and what a rule says of it: `cell:line:column level message` for each finding, or nothing."""

    name: str
    cells: list[dict[str, Any] | str]
    says: list[str] = field(default_factory=list)
    project: Project | None = None
    commit_outputs: bool = False
    language: str = "python"
    metadata: dict[str, Any] = field(default_factory=dict)
    select: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    """Files of the project, whose folder the notebook lies in: path to content."""
    folder: Path | None = None
    """The folder's name, where it alone is asked for and nothing in it."""
    raw: bytes | None = None
    """The bytes of the file, in place of cells."""
    fixed: list[dict[str, Any] | str] | None = None
    """The cells after all fixes of the rule, safe and unsafe; an id is compared where one is given."""
    fixed_metadata: dict[str, Any] | None = None
    """The whole metadata of the notebook after it; the same as before where left out."""
    leaves: list[str] = field(default_factory=list)
    """What the rule says afterwards, of what it cannot mend; as `says`."""

    def findings(self, code: str) -> tuple[Finding, ...]:
        """What the rule says."""
        return self.findings_in(self.content(), code)

    def findings_in(self, whole: bytes, code: str) -> tuple[Finding, ...]:
        """What the rule says of a file under the case's circumstances."""
        return tuple(finding for finding, _ in self.proposals(whole, code))

    def proposals(self, whole: bytes, code: str) -> tuple[tuple[Finding, Fix | None], ...]:
        """The same, each with its fix."""
        configuration = LintConfiguration(select=self.select, commit_outputs=self.commit_outputs)
        try:
            made = source.parse(whole, path="example.ipynb")
        except NotebookError as error:
            reason = str(error).removeprefix("example.ipynb: ")
            return tuple((f, None) for f in engine.unreadable("example.ipynb", reason, configuration=configuration))
        with tempfile.TemporaryDirectory() if self.files else nullcontext("") as folder:
            for name, text in {".git/HEAD": "", **self.files}.items() if self.files else ():
                path = Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            beside = Path(folder) if self.files else self.folder
            found = engine.examine(made, configuration=configuration, project=self.project, folder=beside)
        return tuple((finding, fix) for finding, fix in found if finding.rule == code)

    def content(self, **layout: Any) -> bytes:
        """The bytes of the file; `layout` as for `json.dumps`."""
        if self.raw is not None:
            return self.raw
        return content(*self.cells, language=self.language, layout=layout, **self.metadata)

    def mended(self, whole: bytes, code: str) -> bytes:
        """The file after all fixes of the rule, round after round."""
        for _ in range(20):
            fixes = [fix for finding, fix in self.proposals(whole, code) if fix and finding.suppressed is None]
            done = fixing.apply(whole, source.parse(whole, path="example.ipynb"), fixes)
            assert not done.refused, [refused.reason for refused in done.refused]
            if done.content == whole:
                return whole
            whole = done.content
        raise AssertionError(f"the fixes of {code} do not come to an end")


def told(finding: Finding) -> str:
    """A finding in the form of `Case.says`."""
    return f"{finding.cell}:{finding.line}:{finding.column} {finding.level} {finding.message}"
