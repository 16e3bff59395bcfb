"""Notebooks made in code, and what a rule is expected to say of them."""

import json
from dataclasses import dataclass, field
from typing import Any

from proofbook.analyze import source
from proofbook.exceptions import NotebookError
from proofbook.lint import engine
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


def content(*cells: dict[str, Any] | str, language: str = "python", **metadata: Any) -> bytes:
    """The bytes of an `.ipynb`; text is a code cell. Cells are called `a`, `b`, `c` ..."""
    made = [code(cell) if isinstance(cell, str) else cell for cell in cells]
    numbered = [{"id": chr(ord("a") + number), **cell} for number, cell in enumerate(made)]
    document = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"language_info": {"name": language}, **metadata},
        "cells": numbered,
    }
    return json.dumps(document).encode()


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
    raw: bytes | None = None
    """The bytes of the file, in place of cells."""

    def findings(self, code: str) -> tuple[Finding, ...]:
        """What the rule says."""
        configuration = LintConfiguration(select=self.select, commit_outputs=self.commit_outputs)
        whole = content(*self.cells, language=self.language, **self.metadata) if self.raw is None else self.raw
        try:
            made = source.parse(whole, path="example.ipynb")
        except NotebookError as error:
            reason = str(error).removeprefix("example.ipynb: ")
            found = engine.unreadable("example.ipynb", reason, configuration=configuration)
        else:
            found = engine.lint(made, configuration=configuration, project=self.project)
        return tuple(finding for finding in found if finding.rule == code)


def told(finding: Finding) -> str:
    """A finding in the form of `Case.says`."""
    return f"{finding.cell}:{finding.line}:{finding.column} {finding.level} {finding.message}"
