"""Changes to the text of a cell, each at an exact place."""

from collections.abc import Iterable

from msgspec import Struct

from proofbook.analyze.flow import Span
from proofbook.analyze.spans import lines_of, offsets, segment
from proofbook.exceptions import ConversionError

__all__ = ["Edit", "applied", "lines_of", "segment"]


class Edit(Struct, frozen=True, kw_only=True):
    """Put `text` in the place of `span`."""

    cell: int
    """Number of the cell."""
    span: Span
    text: str


def applied(source: str, edits: Iterable[Edit]) -> str:
    """
    `source` with all `edits`; what lies between them is untouched.

    Raises:
        ConversionError: Two of them want the same place.
    """
    places = sorted({(*offsets(source, edit.span), edit.text, edit.cell) for edit in edits})
    parts, at, last = [], 0, "kept"
    for start, end, text, cell in places:
        # two removals may share the line end between them
        if start < at and (text or last):
            told = "one piece of code would have to be changed in two ways; split the line"
            raise ConversionError(f"cell {cell}: {told}")
        parts += [source[at:start], text]
        at, last = max(at, end), text
    return "".join([*parts, source[at:]])
