"""
What the author waved through, and why.

    x = open("/data/a.csv")  # proofbook: ignore[PB402] the mount is part of the image
    # proofbook: ignore[PB402, PB403] a comment of its own speaks of the next line of code
    # proofbook: ignore-file[PB701] this one in any cell speaks of the whole notebook

A cell of any kind may carry the tag `proofbook:ignore:PB801` with the reason in its metadata, and a notebook the
reasons alone: `{"proofbook": {"ignore": {"PB801": "reason"}}}`. Without a reason nothing is suppressed.
"""

import io
import re
import tokenize
from bisect import bisect
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from proofbook.analyze import spans
from proofbook.analyze.magics import transform
from proofbook.model.finding import Finding
from proofbook.model.notebook import Cell, Notebook

__all__ = ["Held", "Suppression", "read", "reason_for"]

_COMMENT = re.compile(r"#\s*proofbook:\s*ignore(?P<file>-file)?(?:\[(?P<codes>[^\]]*)\]|(?![\w-]))(?P<reason>.*)")
_TAG = re.compile(r"proofbook:ignore(?::(?P<code>.*))?")


class Suppression(Struct, frozen=True, kw_only=True):
    """One code that is waved through at one place."""

    code: str
    """As it was written; empty where no code was."""
    reason: str
    """Empty where there is none."""
    cell: Cell | None = None
    """None: the whole notebook."""
    covers: frozenset[int] | None = None
    """Lines of the cell; 0 among them speaks of findings on the whole cell. None: all of it."""
    written: Cell | None = None
    """The cell it is written in, where it is not the notebook's metadata."""
    line: int = 0
    column: int = 0


def read(notebook: Notebook) -> tuple[Suppression, ...]:
    """Every suppression of a notebook, those that do not hold included."""
    found = [
        Suppression(code=code.strip(), reason=_reason(reason)) for code, reason in _table(notebook.metadata).items()
    ]
    for cell in notebook.cells:
        found += _of_tags(cell)
        if cell.kind == "code" and "proofbook:" in cell.source:
            found += _of_comments(cell)
    return tuple(found)


def reason_for(finding: Finding, suppressions: Iterable[Suppression]) -> str | None:
    """The reason that waves `finding` through, or None."""
    return Held(suppressions).reason_for(finding)


class Held:
    """The suppressions that hold, by what they speak of."""

    def __init__(self, suppressions: Iterable[Suppression]) -> None:
        """Those without a reason hold nothing."""
        self._reasons: dict[tuple[str, int | None, int | None], str] = {}
        for suppression in suppressions:
            number = suppression.cell.number if suppression.cell is not None else None
            for line in suppression.covers if suppression.covers is not None else (None,):
                if suppression.reason:
                    self._reasons.setdefault((suppression.code, number, line), suppression.reason)

    def reason_for(self, finding: Finding) -> str | None:
        """The reason that waves `finding` through, or None."""
        places = ((finding.cell, finding.line), (finding.cell, None), (None, finding.line), (None, None))
        found = (self._reasons.get((finding.rule, cell, line)) for cell, line in places)
        return next((reason for reason in found if reason is not None), None)


def _table(metadata: dict[str, Any]) -> dict[str, Any]:
    own = metadata.get("proofbook")
    ignored = own.get("ignore") if isinstance(own, dict) else None
    return ignored if isinstance(ignored, dict) else {}


def _reason(written: Any) -> str:
    """A reason has a word in it; what stands around it to set it off does not count."""
    text = " ".join(written.split()).lstrip(":-\u2013\u2014 ") if isinstance(written, str) else ""
    return text if re.search(r"\w", text) else ""


def _of_tags(cell: Cell) -> Iterator[Suppression]:
    reasons = _table(cell.metadata)
    tagged = [match["code"] or "" for tag in cell.tags if (match := _TAG.fullmatch(tag))]
    for code in dict.fromkeys([*tagged, *reasons]):
        yield Suppression(code=code.strip(), reason=_reason(reasons.get(code)), cell=cell, written=cell)


def _of_comments(cell: Cell) -> Iterator[Suppression]:
    lines = spans.split(cell.source)
    holding = [row for row, line in enumerate(lines) if line.strip() and line.lstrip()[0] != "#"]
    for row, column in _comments(lines):
        match = _COMMENT.match(lines[row], column)
        if match is None:
            continue
        for code in (match["codes"] or "").split(","):
            yield Suppression(
                code=code.strip(),
                reason=_reason(match["reason"]),
                cell=None if match["file"] else cell,
                covers=None if match["file"] else _covered(lines[row][:column], row, holding),
                written=cell,
                line=row + 1,
                column=column + 1,
            )


def _covered(before: str, row: int, code: list[int]) -> frozenset[int]:
    """
    The lines that a comment speaks of: its own; where it stands alone, also the next that holds code.

    Args:
        before: What stands before it on its line.
        row: Its line, from 0.
        code: The lines that hold code, from 0.
    """
    if before.strip():
        return frozenset({row + 1})
    later = bisect(code, row)
    covers = {row + 1, code[later] + 1 if later < len(code) else row + 1}
    # above all code it speaks of the cell, too
    return frozenset(covers if later else {*covers, 0})


def _comments(lines: list[str]) -> Iterator[tuple[int, int]]:
    """Row and column, from 0, of each suppression that stands in a comment and not in a string."""
    found = [(row, match.start()) for row, line in enumerate(lines) if (match := _COMMENT.search(line))]
    code = transform("\n".join(lines)).code
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(code).readline))
    except (tokenize.TokenError, SyntaxError):
        yield from found  # a cell that cannot be read as Python: the text has to do
        return
    comments = {token.start[0] - 1 for token in tokens if token.type == tokenize.COMMENT}
    # a magic's line is blank or `pass` in the code: what follows `#` on it is the shell's comment
    kept = code.split("\n")
    yield from ((row, column) for row, column in found if row in comments or kept[row].strip() in {"", "pass", "..."})
