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
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from proofbook.analyze.magics import transform
from proofbook.model.finding import Finding
from proofbook.model.notebook import Cell, Notebook

__all__ = ["Suppression", "read", "reason_for"]

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
    for suppression in suppressions:
        if suppression.code != finding.rule or not suppression.reason:
            continue
        if suppression.cell is not None and suppression.cell.number != finding.cell:
            continue
        if suppression.covers is None or finding.line in suppression.covers:
            return suppression.reason
    return None


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
    lines = cell.source.split("\n")
    for row, column in _comments(lines):
        match = _COMMENT.match(lines[row], column)
        if match is None:
            continue
        for code in (match["codes"] or "").split(","):
            yield Suppression(
                code=code.strip(),
                reason=_reason(match["reason"]),
                cell=None if match["file"] else cell,
                covers=None if match["file"] else _covered(lines, row, column),
                written=cell,
                line=row + 1,
                column=column + 1,
            )


def _covered(lines: list[str], row: int, column: int) -> frozenset[int]:
    """The lines that a comment speaks of: its own; where it stands alone, also the next that holds code."""
    if lines[row][:column].strip():
        return frozenset({row + 1})
    covers = {row + 1}
    following = (n for n, line in enumerate(lines[row + 1 :], row + 2) if line.strip() and line.lstrip()[0] != "#")
    covers.add(next(following, row + 1))
    if not any(line.strip() and line.lstrip()[0] != "#" for line in lines[:row]):
        covers.add(0)
    return frozenset(covers)


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
