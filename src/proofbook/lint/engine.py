"""Puts one notebook before the rules, and makes findings of what they say."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

import msgspec

from proofbook.analyze import cells, spans
from proofbook.analyze.cells import CellFlow
from proofbook.analyze.limits import MAX_CODE
from proofbook.lint import registry, suppressions
from proofbook.lint.credentials import masked
from proofbook.lint.fix import Fix
from proofbook.lint.rule import Project, Rule, Subject, Violation
from proofbook.model.configuration import LintConfiguration
from proofbook.model.finding import Finding
from proofbook.model.notebook import Notebook

__all__ = ["analyze", "examine", "lint", "unreadable"]

_LONGEST_TEXT = 1000
"""Characters of a source line that a finding carries; minified code on one line is of no help to anybody."""


def analyze(notebook: Notebook) -> tuple[CellFlow, ...] | str:
    """The flow of a notebook's cells, empty where they are not Python; or, in one line, why there is none."""
    if notebook.language != "python":
        return ()
    code = sum(len(cell.source) for cell in notebook.code_cells)
    if code > MAX_CODE:
        return f"has {code} characters of code, more than the {MAX_CODE} that are analysed; move some into a module"
    try:
        return cells.analyze(notebook)
    except (RecursionError, MemoryError):
        return "its code is nested too deeply to be analysed"


def lint(
    notebook: Notebook,
    *,
    configuration: LintConfiguration,
    project: Project | None = None,
    flow: tuple[CellFlow, ...] | str | None = None,
    folder: Path | None = None,
) -> tuple[Finding, ...]:
    """
    All findings on one notebook, sorted; the suppressed ones carry the author's reason.

    Args:
        notebook: In any language; the rules that need Python pass over the others.
        configuration: Which rules run, and whether outputs are meant to be committed.
        project: What the pipeline knows of the notebook; None where nobody knows of one.
        flow: What `analyze` said of this notebook, where it was asked before.
        folder: The project's folder, which the notebook's path starts from; without it nothing beside it is read.

    Raises:
        ConfigurationError: `select` or `ignore` name a rule that does not exist.
    """
    found = examine(notebook, configuration=configuration, project=project, flow=flow, folder=folder)
    return tuple(finding for finding, _ in found)


def examine(
    notebook: Notebook,
    *,
    configuration: LintConfiguration,
    project: Project | None = None,
    flow: tuple[CellFlow, ...] | str | None = None,
    folder: Path | None = None,
) -> tuple[tuple[Finding, Fix | None], ...]:
    """The same as `lint`, each finding with what its rule proposes to change."""
    flow = analyze(notebook) if flow is None else flow
    flows = () if isinstance(flow, str) else flow
    subject = Subject(
        notebook=notebook,
        flow=flows,
        configuration=configuration,
        project=project,
        suppressions=suppressions.read(notebook) if not isinstance(flow, str) else (),
        known=frozenset(registry.rules()),
        unreadable=flow if isinstance(flow, str) else None,
        folder=folder,
    )
    found = _findings(subject, registry.selected(configuration))
    return tuple(sorted(found, key=lambda pair: pair[0]))


def unreadable(path: str, reason: str, *, configuration: LintConfiguration) -> tuple[Finding, ...]:
    """The findings on a file of which nothing but `reason` is known."""
    subject = Subject(notebook=Notebook(path=path, cells=()), configuration=configuration, unreadable=reason)
    return tuple(finding for finding, _ in _findings(subject, registry.selected(configuration)))


def _findings(subject: Subject, rules: Iterable[Rule]) -> Iterator[tuple[Finding, Fix | None]]:
    analysed = subject.notebook.language == "python" and subject.unreadable is None
    held = suppressions.Held(subject.suppressions)
    for rule in rules:
        if (subject.unreadable is not None and rule.code != "PB807") or (rule.python and not analysed):
            continue
        told: set[tuple[int, str]] = set()
        for violation in sorted(rule.check(subject), key=_place):
            alike = (0 if violation.once_in_notebook else _place(violation)[0], violation.once)
            if alike in told:
                continue
            finding = _finding(subject.notebook, rule, violation)
            finding = _with_reason(finding, held.reason_for(finding))
            if violation.once and finding.suppressed is None:
                told.add(alike)
            yield finding, violation.fix


def _place(violation: Violation) -> tuple[int, int, int]:
    return violation.cell.number if violation.cell is not None else 0, violation.line, violation.column


def _finding(notebook: Notebook, rule: Rule, violation: Violation) -> Finding:
    cell = violation.cell
    lines = _lines(cell.source) if cell is not None and violation.line else []
    text = lines[violation.line - 1] if violation.line <= len(lines) and lines else ""
    text = masked(text[: 2 * _LONGEST_TEXT]) if violation.text is None else violation.text
    return Finding(
        path=notebook.path,
        cell=cell.number if cell is not None else 0,
        line=violation.line,
        column=violation.column,
        rule=rule.code,
        name=rule.name,
        level=violation.level or rule.level,
        message=masked(violation.message),
        advice=violation.advice,
        cell_id=cell.id if cell is not None else "",
        text=text[:_LONGEST_TEXT],
        fix=violation.fix.safety if violation.fix is not None else "",
    )


@lru_cache(maxsize=8)
def _lines(source: str) -> list[str]:
    return spans.split(source)


def _with_reason(finding: Finding, reason: str | None) -> Finding:
    if reason is None:
        return finding
    return msgspec.structs.replace(finding, suppressed=reason)
