"""What our rules say of one file, with all that it hangs on."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from proofbook.analyze import source
from proofbook.analyze.positions import source_starts
from proofbook.exceptions import NotebookError
from proofbook.lint import engine, looked, records
from proofbook.lint.declared import Products
from proofbook.lint.rule import Project
from proofbook.model.configuration import LintConfiguration
from proofbook.model.finding import Finding
from proofbook.model.notebook import Notebook

__all__ = ["Examined", "Job", "digest", "examine", "facts", "placed"]


class Job(Struct, frozen=True, kw_only=True):
    """A file to examine."""

    path: Path
    shown: str
    """How findings name it."""
    folder: Path | None = None
    """The project's, which `shown` starts from."""
    project: Project | None = None


class Examined(Struct, frozen=True, kw_only=True):
    """One file, examined."""

    digest: bytes
    """Of its bytes; empty where they could not be read."""
    facts: bytes
    """Digest of what the pipeline knew of it."""
    looked: dict[str, str] = {}
    """What else was looked at, and the state it was in."""
    cells: int = 0
    """Code cells."""
    python: bool = False
    """Whether it can be read, and is Python."""
    language: str = ""
    """Empty where it cannot be read."""
    recorded: tuple[str, ...] = ()
    """Names of its records."""
    findings: tuple[Finding, ...] = ()
    ruff: str | None = None
    """What ruff's word hung on (`ruff.fingerprint`); None where it was not asked, or is to be asked each time."""
    python_findings: tuple[Finding, ...] = ()
    """Ruff's word."""


_SEARCHED = 16_000_000
"""Bytes of a file in which the lines of findings are searched for; an editor opens no larger one at a line."""


def digest(content: bytes) -> bytes:
    """By which a file is known again."""
    return hashlib.blake2b(content, digest_size=20).digest()


def facts(project: Project | None) -> bytes:
    """By which it is known whether a pipeline still says the same of a notebook."""
    if project is None or project.declared is None:
        return digest(_encoded(project))
    alone = replace(project, declared=replace(project.declared, tasks={}))
    return digest(_encoded(alone) + _digest_of(project.declared.tasks))


def _encoded(value: object) -> bytes:
    return msgspec.msgpack.encode(value, order="deterministic")


_LAST: list[tuple[object, bytes]] = [({}, b"")]


def _digest_of(tasks: Mapping[str, Products | None]) -> bytes:
    """Every notebook of a pipeline is given the same tasks, which may be thousands: they are gone through once."""
    known, found = _LAST[0]
    if known is not tasks or not found:
        found = digest(_encoded(tasks))
        _LAST[0] = (tasks, found)
    return found


def examine(job: Job, *, configuration: LintConfiguration) -> Examined:
    """
    Put one file before our rules.

    Raises:
        ConfigurationError: `select` or `ignore` name a rule that does not exist.
    """
    known = facts(job.project)
    content = b""
    try:
        content = source.read_bytes(job.path, shown=job.shown)
        notebook = source.parse(content, path=job.shown)
    except NotebookError as error:
        reason = str(error).removeprefix(f"{job.shown}: ")
        findings = engine.unreadable(job.shown, reason, configuration=configuration)
        return Examined(digest=digest(content) if content else b"", facts=known, findings=findings)
    flow = engine.analyze(notebook)
    with looked.watching() as noted:
        found = engine.lint(notebook, configuration=configuration, project=job.project, flow=flow, folder=job.folder)
    return Examined(
        digest=digest(content),
        facts=known,
        looked=noted,
        cells=len(notebook.code_cells),
        python=notebook.language == "python" and not isinstance(flow, str),
        language=notebook.language,
        recorded=() if isinstance(flow, str) else tuple(
            {known.name: None for cell in flow for known in records.recorded(cell) if known.name is not None}
        ),
        findings=placed(found, notebook, content=content),
    )  # fmt: skip


def placed(findings: tuple[Finding, ...], notebook: Notebook, *, content: bytes) -> tuple[Finding, ...]:
    """The findings with their lines in the file, as far as its layout tells them."""
    if not findings:
        return ()
    starts = tuple(cell.line for cell in notebook.cells)
    if notebook.format == "ipynb":
        if len(content) > _SEARCHED:
            return findings
        starts = source_starts(content.decode("utf-8", "replace"), cells=len(notebook.cells))
    return tuple(
        replace(found, file_line=starts[found.cell - 1] + max(found.line, 1) - 1) if found.cell and starts else found
        for found in findings
    )
