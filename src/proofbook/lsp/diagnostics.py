"""Findings as the protocol has them, each on its line of its document."""

import re
from pathlib import Path

from lsprotocol import types
from msgspec import Struct
from pygls.workspace import PositionCodec

from proofbook.lint import registry
from proofbook.lint.rule import Rule
from proofbook.lsp.looking import Seen
from proofbook.lsp.opened import Opened
from proofbook.model.finding import Finding

__all__ = ["Shown", "diagnostic", "hover", "place", "published"]

_NAME = re.compile(r"\w+(?:\.\w+)*")
_SEVERITY = {"error": types.DiagnosticSeverity.Error, "warning": types.DiagnosticSeverity.Warning}
_FADED = {"PB214"}
"""Rules on what is not used: editors show such code faded."""


class Shown(Struct, frozen=True, kw_only=True):
    """Where one finding is shown."""

    uri: str
    range: types.Range
    elsewhere: str = ""
    """Where it belongs, in words, if nothing can be shown there."""


def published(seen: Seen, *, codec: PositionCodec) -> dict[str, list[types.Diagnostic]]:
    """Document to what is wrong in it; for every document of the notebook, also if that is nothing."""
    table: dict[str, list[types.Diagnostic]] = {uri: [] for uri in seen.opened.documents}
    for finding, _ in seen.found:
        shown = place(finding, seen.opened, codec=codec)
        table[shown.uri].append(diagnostic(finding, shown))
    return table


def diagnostic(finding: Finding, shown: Shown) -> types.Diagnostic:
    """One finding. Its code leads to the rule's page."""
    page = _page(finding.rule)
    advice = f".\n{_sentence(finding.advice)}" if finding.advice else ""
    return types.Diagnostic(
        range=shown.range,
        message=f"{shown.elsewhere}{finding.message}{advice}",
        severity=_SEVERITY[finding.level],
        code=finding.rule,
        code_description=types.CodeDescription(href=page) if page is not None else None,
        source="proofbook",
        tags=[types.DiagnosticTag.Unnecessary] if finding.rule in _FADED else None,
    )


def place(finding: Finding, opened: Opened, *, codec: PositionCodec) -> Shown:
    """
    Where a finding is shown: on the name that it speaks of, else on the line, else on the first line of its cell.

    JupyterLab shows nothing on lines that it has rewritten. What belongs there is shown on the first other line of the
    cell, and if there is none, of the notebook, and says in words where it belongs.
    """
    number, line, elsewhere = _anchor(finding, opened)
    at = opened.place(number)
    index, text = at.line(line)
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    if finding.column and (number, line) == (finding.cell, finding.line) and opened.shows(number, line):
        start = min(finding.column - 1, len(text))
        name = _NAME.match(text, start)
        end = name.end() if name else min(start + 1, len(text))
    units = codec.client_num_units
    first = types.Position(line=index, character=units(text[:start]))
    last = types.Position(line=index, character=units(text[: max(start, end)]))
    return Shown(uri=at.uri, range=types.Range(start=first, end=last), elsewhere=elsewhere)


def hover(seen: Seen, uri: str, position: types.Position, *, codec: PositionCodec) -> types.Hover | None:
    """What the rules say that found something at this place: their pages."""
    pages: dict[str, str] = {}
    first = None
    for finding, _ in seen.found:
        shown = place(finding, seen.opened, codec=codec)
        if shown.uri == uri and _holds(shown.range, position):
            first = first or shown.range
            pages.setdefault(finding.rule, _described(finding))
    if not pages:
        return None
    text = types.MarkupContent(kind=types.MarkupKind.Markdown, value="\n\n---\n\n".join(pages.values()))
    return types.Hover(contents=text, range=first)


def _anchor(finding: Finding, opened: Opened) -> tuple[int, int, str]:
    """Cell and line, from 1, at which a finding is shown, and in words where it belongs, if that is elsewhere."""
    if finding.cell and finding.line and opened.visible(finding.cell, finding.line):
        return finding.cell, finding.line, ""
    own = _first(opened, finding.cell) if finding.cell else None
    if own is not None:
        return finding.cell, own, f"line {finding.line}: " if finding.line else ""
    if opened.content is not None:
        return 0, 1, ""
    # a markdown cell is seldom seen as text
    cells = sorted(range(1, len(opened.places) + 1), key=lambda cell: opened.notebook.cells[cell - 1].kind != "code")
    number, line = next(((cell, first) for cell in cells if (first := _first(opened, cell)) is not None), (0, 1))
    if not finding.cell:
        return number, line, ""
    return number, line, f"cell {finding.cell}, line {finding.line}: " if finding.line else f"cell {finding.cell}: "


def _first(opened: Opened, number: int) -> int | None:
    """The first line of a cell on which something can be shown, from 1, if possible with words; else None."""
    lines = enumerate(opened.place(number).lines, start=1)
    shown = [(not text.strip(), line) for line, text in lines if opened.visible(number, line)]
    return min(shown)[1] if shown else None


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
