"""Findings as the protocol has them, each on its line of its document."""

import re
from collections.abc import Sequence
from pathlib import Path

from lsprotocol import types
from pygls.workspace import PositionCodec

from proofbook.lint import registry
from proofbook.lint.rule import Rule
from proofbook.lsp.looking import Seen
from proofbook.lsp.opened import Opened, Place
from proofbook.model.finding import Finding

__all__ = ["diagnostic", "hover", "published", "span"]

_NAME = re.compile(r"\w+(?:\.\w+)*")
_SEVERITY = {"error": types.DiagnosticSeverity.Error, "warning": types.DiagnosticSeverity.Warning}
_FADED = {"PB214"}
"""Rules on what is not used: editors show such code faded."""


def published(seen: Seen, *, codec: PositionCodec) -> dict[str, list[types.Diagnostic]]:
    """Document to what is wrong in it; for every document of the notebook, also if that is nothing."""
    table: dict[str, list[types.Diagnostic]] = {uri: [] for uri in seen.opened.documents}
    for finding, _ in seen.found:
        table[seen.opened.place(finding.cell).uri].append(diagnostic(finding, seen.opened, codec=codec))
    return table


def diagnostic(finding: Finding, opened: Opened, *, codec: PositionCodec) -> types.Diagnostic:
    """One finding. Its code leads to the rule's page."""
    page = _page(finding.rule)
    advice = f".\n{_sentence(finding.advice)}" if finding.advice else ""
    return types.Diagnostic(
        range=span(finding, opened, codec=codec),
        message=f"{finding.message}{advice}",
        severity=_SEVERITY[finding.level],
        code=finding.rule,
        code_description=types.CodeDescription(href=page) if page is not None else None,
        source="proofbook",
        tags=[types.DiagnosticTag.Unnecessary] if finding.rule in _FADED else None,
    )


def span(finding: Finding, opened: Opened, *, codec: PositionCodec) -> types.Range:
    """Where a finding is shown: the name that it speaks of, else the line, else the first line of its cell."""
    at = opened.place(finding.cell)
    number = finding.line if finding.cell and finding.line else _heading(finding, opened, at)
    line, text = at.line(number)
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    if finding.column and finding.line and opened.shows(finding.cell, finding.line):
        start = min(finding.column - 1, len(text))
        name = _NAME.match(text, start)
        end = name.end() if name else min(start + 1, len(text))
    units = codec.client_num_units
    return types.Range(
        start=types.Position(line=line, character=units(text[:start])),
        end=types.Position(line=line, character=units(text[: max(start, end)])),
    )


def hover(seen: Seen, uri: str, position: types.Position, *, codec: PositionCodec) -> types.Hover | None:
    """What the rules say that found something at this place: their pages."""
    pages: dict[str, str] = {}
    place = None
    for finding, _ in seen.found:
        found = span(finding, seen.opened, codec=codec)
        if seen.opened.place(finding.cell).uri == uri and _holds(found, position):
            place = place or found
            pages.setdefault(finding.rule, _described(finding))
    if not pages:
        return None
    text = types.MarkupContent(kind=types.MarkupKind.Markdown, value="\n\n---\n\n".join(pages.values()))
    return types.Hover(contents=text, range=place)


def _heading(finding: Finding, opened: Opened, at: Place) -> int:
    """The first line of a cell that is shown as it is; JupyterLab shows nothing on those that it has rewritten."""
    if not finding.cell:
        return 1
    cell = opened.notebook.cells[finding.cell - 1]
    lines: Sequence[str] = at.lines
    return next((number for number, line in enumerate(lines, start=1) if line.strip() and at.verbatim(cell, number)), 1)


def _holds(span: types.Range, position: types.Position) -> bool:
    return span.start.line == position.line and span.start.character <= position.character <= span.end.character


def _described(finding: Finding) -> str:
    rule = registry.rules().get(finding.rule)
    advice = f"\n\n{_sentence(finding.advice)}" if finding.advice else ""
    page = _page(finding.rule)
    link = f"[{finding.rule} {finding.name}]({page})" if page is not None else f"{finding.rule} {finding.name}"
    text = f"**{link}**: {finding.message}{advice}"
    return f"{text}\n\n{_quiet(rule)}" if rule is not None else text


def _quiet(rule: Rule) -> str:
    """A rule's documentation with smaller headings: a hover is a small window."""
    return re.sub(r"^## (.*)$", r"**\1**\n", rule.documentation, flags=re.MULTILINE)


def _page(code: str) -> str | None:
    """The rule's page: the docstring in the file that the rule is."""
    rule = registry.rules().get(code)
    return Path(rule.check.__code__.co_filename).as_uri() if rule is not None else None


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] if text[:1].isalpha() else text
