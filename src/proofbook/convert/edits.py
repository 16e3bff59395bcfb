"""Changes to the text of a cell, each at an exact place."""

import re
from collections.abc import Iterable

from msgspec import Struct

from proofbook.analyze.flow import Span
from proofbook.exceptions import ConversionError

__all__ = ["Edit", "applied", "lines_of", "segment"]

_LINE_END = re.compile(r"\r\n|\r|\n")


class Edit(Struct, frozen=True, kw_only=True):
    """Put `text` in the place of `span`."""

    cell: int
    """Number of the cell."""
    span: Span
    text: str


def segment(source: str, span: Span) -> str:
    """The text at `span`."""
    start, end = _offsets(source, span)
    return source[start:end]


def applied(source: str, edits: Iterable[Edit]) -> str:
    """
    `source` with all `edits`; what lies between them is untouched.

    Raises:
        ConversionError: Two of them want the same place.
    """
    places = sorted({(*_offsets(source, edit.span), edit.text, edit.cell) for edit in edits})
    parts, at, last = [], 0, "kept"
    for start, end, text, cell in places:
        # two removals may share the line end between them
        if start < at and (text or last):
            told = "one piece of code would have to be changed in two ways; split the line"
            raise ConversionError(f"cell {cell}: {told}")
        parts += [source[at:start], text]
        at, last = max(at, end), text
    return "".join([*parts, source[at:]])


def lines_of(source: str, first: int, last: int) -> Span:
    """The span of whole lines, from 1, with the line end behind them, or before them at the end of the source."""
    ends = list(_LINE_END.finditer(source))
    if last <= len(ends):
        return Span(line=first, column=1, end_line=last + 1, end_column=1)
    width = len(source) - (ends[-1].end() if ends else 0)
    if first == 1:
        return Span(line=1, column=1, end_line=last, end_column=width + 1)
    before = ends[first - 2].start() - (ends[first - 3].end() if first > 2 else 0)
    return Span(line=first - 1, column=before + 1, end_line=last, end_column=width + 1)


def _offsets(source: str, span: Span) -> tuple[int, int]:
    starts = [0, *(found.end() for found in _LINE_END.finditer(source))]
    return starts[span.line - 1] + span.column - 1, starts[span.end_line - 1] + span.end_column - 1
