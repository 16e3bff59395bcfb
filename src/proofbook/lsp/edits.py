"""A rule's fix as edits of the editor's documents, as far as the protocol can say it."""

from collections import defaultdict

from lsprotocol import types
from pygls.workspace import PositionCodec

from proofbook.analyze.cells import parse_cell
from proofbook.analyze.flow import Span
from proofbook.analyze.spans import offsets
from proofbook.lint import fixing
from proofbook.lint.fix import Edit, Fix, Rerun
from proofbook.lsp.opened import Opened
from proofbook.model.notebook import Cell

__all__ = ["Changes", "InexpressibleError", "in_cell", "of_fix"]

Changes = dict[str, list[types.TextEdit]]
"""Document to what changes in it."""

_BY_HAND = "the editor cannot be told so: close the notebook and run `proofbook lint --fix`"


class InexpressibleError(Exception):
    """Why a fix cannot be said as edits of text."""


def of_fix(fix: Fix, opened: Opened, *, codec: PositionCodec) -> Changes:
    """
    What `fix` changes in the documents.

    Raises:
        InexpressibleError: It changes what is no text of a cell, or what the documents do not show as it is.
    """
    edits = [change for change in fix.changes if isinstance(change, Edit)]
    if len(edits) == len(fix.changes) and all(_shown(edit, opened) for edit in edits):
        changes: Changes = defaultdict(list)
        for edit in edits:
            at = opened.place(edit.cell.number)
            changes[at.uri].append(in_cell(edit.cell, edit.span, edit.text, opened, codec=codec))
        _check(edits, opened)
        return dict(changes)
    if any(isinstance(change, Rerun) for change in fix.changes):
        raise InexpressibleError("the notebook must be run for it: `proofbook lint --fix`")
    if opened.content is None:
        raise InexpressibleError(f"it changes more than the text of cells, and {_BY_HAND}")
    applied = fixing.apply(opened.content.encode(), opened.notebook, [fix])
    if not applied.applied:
        reason = applied.refused[0].reason if applied.refused else _BY_HAND
        raise InexpressibleError(reason)
    return {opened.home.uri: [_difference(opened.content, applied.content.decode(), codec=codec)]}


def in_cell(cell: Cell, span: Span, text: str, opened: Opened, *, codec: PositionCodec) -> types.TextEdit:
    """A piece of a cell, whose lines the document shows as they are, becomes another text."""
    at = opened.place(cell.number)

    def position(line: int, column: int) -> types.Position:
        index, shown = at.line(line)
        return types.Position(line=index, character=codec.client_num_units(shown[: column - 1]))

    start, end = position(span.line, span.column), position(span.end_line, span.end_column)
    return types.TextEdit(range=types.Range(start=start, end=end), new_text=text)


def _shown(edit: Edit, opened: Opened) -> bool:
    """Whether the document shows all lines of the edit as they are."""
    return all(opened.shows(edit.cell.number, line) for line in range(edit.span.line, edit.span.end_line + 1))


def _check(edits: list[Edit], opened: Opened) -> None:
    """Refuse what would leave a cell that is no Python any more."""
    if opened.notebook.language != "python":
        return
    for cell in {edit.cell.number: edit.cell for edit in edits}.values():
        after = cell.source
        own = [(offsets(cell.source, edit.span), edit.text) for edit in edits if edit.cell.number == cell.number]
        for (start, end), text in sorted(own, reverse=True):
            after = after[:start] + text + after[end:]
        was, now = (parse_cell(_with(cell, text))[0].problem for text in (cell.source, after))
        if cell.kind == "code" and now is not None and was is None:
            raise InexpressibleError(f"cell {cell.number} would not parse afterwards: {now.message}")


def _with(cell: Cell, source: str) -> Cell:
    return Cell(number=cell.number, id=cell.id, kind=cell.kind, source=source, tags=cell.tags)


def _difference(before: str, after: str, *, codec: PositionCodec) -> types.TextEdit:
    """What lies between the first and the last character that differ."""
    start = _alike(before, after)
    most = min(len(before), len(after)) - start
    end = len(before) - min(_alike(before[::-1], after[::-1]), most)
    new = after[start : len(after) - (len(before) - end)]

    def position(offset: int) -> types.Position:
        begin = before.rfind("\n", 0, offset) + 1
        return types.Position(
            line=before.count("\n", 0, offset), character=codec.client_num_units(before[begin:offset].rstrip("\r"))
        )

    return types.TextEdit(range=types.Range(start=position(start), end=position(end)), new_text=new)


def _alike(one: str, other: str) -> int:
    """How many characters two texts have in common from the beginning."""
    both = enumerate(zip(one, other, strict=False))
    return next((number for number, (a, b) in both if a != b), min(len(one), len(other)))
