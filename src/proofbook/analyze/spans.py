"""Places in a cell's source: from lines and columns to offsets, and back."""

import re

from proofbook.analyze.flow import Span

__all__ = ["lines_of", "offsets", "segment", "split"]

_LINE_END = re.compile(r"\r\n|\r|\n")


def offsets(source: str, span: Span) -> tuple[int, int]:
    """Where `span` starts and ends in `source`, in characters from 0; IndexError where it has no such line."""
    starts = [0, *(found.end() for found in _LINE_END.finditer(source))]
    return starts[span.line - 1] + span.column - 1, starts[span.end_line - 1] + span.end_column - 1


def segment(source: str, span: Span) -> str:
    """The text at `span`."""
    start, end = offsets(source, span)
    return source[start:end]


def split(source: str) -> list[str]:
    """The lines as Python counts them, without what ends them: a lone carriage return ends one, too."""
    return _LINE_END.split(source)


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
