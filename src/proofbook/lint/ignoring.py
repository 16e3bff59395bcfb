"""
Writes the suppressions of what is found: at the end of the line, above it, or in the metadata.

A comment must not change what the cell does: it is written where the cell afterwards parses to the same tree, with
the same magics, and where it covers the finding. Else the metadata carries the reason.
"""

import ast
import re
from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from proofbook.analyze.cells import parse_cell
from proofbook.analyze.flow import Span
from proofbook.lint import suppressions
from proofbook.lint.fix import Change, Edit, Fix, SetMetadata
from proofbook.model.finding import Finding
from proofbook.model.notebook import Cell, Notebook

__all__ = ["NEVER", "ignoring"]

NEVER = frozenset({"PB001", "PB002", "PB807"})
"""What is said of suppressions themselves, and of files that cannot be read: that is to be mended."""


_LONE_RETURN = re.compile(r"\r(?!\n)")


def ignoring(notebook: Notebook, findings: Iterable[Finding], *, reason: str) -> tuple[Fix, ...]:
    """
    What to write so that `findings` are suppressed: one fix a cell, and one for the whole notebook.

    Args:
        notebook: An `.ipynb`.
        findings: Of this notebook as it is.
        reason: Why; one line with a word in it.
    """
    by_cell: dict[int, list[Finding]] = {}
    for finding in findings:
        if finding.counts and finding.rule not in NEVER:
            by_cell.setdefault(finding.cell, []).append(finding)
    made = []
    for number, those in sorted(by_cell.items()):
        cell = notebook.cells[number - 1] if number else None
        changes = _in_metadata(None, those, reason) if cell is None else _in_cell(notebook, cell, those, reason)
        codes = ", ".join(sorted({finding.rule for finding in those}))
        made.append(Fix(title=f"Suppress {codes}", safety="safe", changes=changes))
    return tuple(made)


class _Comment(Struct, frozen=True):
    """A suppression as a comment."""

    line: int
    """Of the cell as it is, from 1."""
    text: str
    above: bool


def _in_cell(notebook: Notebook, cell: Cell, findings: Sequence[Finding], reason: str) -> tuple[Change, ...]:
    lines: dict[int, list[Finding]] = {}
    for finding in findings:
        lines.setdefault(finding.line, []).append(finding)
    comments: list[_Comment] = []
    left: list[Finding] = []
    for line, those in sorted(lines.items()):
        codes = ", ".join(sorted({finding.rule for finding in those}))
        text = f"# proofbook: ignore[{codes}] {reason}"
        candidates = [
            *([_Comment(line, text, above=False)] if line else []),
            _Comment(max(line, 1), text, above=True),
        ]
        done = notebook.language == "python" and cell.kind == "code" and bool(cell.source.strip())
        # Python ends a line there, and many an editor does not: a comment would swallow what stands behind it
        done = done and not _LONE_RETURN.search(cell.source)
        chosen = next((one for one in candidates if done and _holds(cell, [*comments, one], those)), None)
        if chosen is None:
            left += those
        else:
            comments.append(chosen)
    return (*_edits(cell, comments), *_in_metadata(cell, left, reason))


def _holds(cell: Cell, comments: Sequence[_Comment], findings: Iterable[Finding]) -> bool:
    """Whether the cell does the same with these comments, and the last of them covers the findings."""
    source = cell.source.split("\n")
    # one comment a line: of two, the second would be part of the reason of the first
    if not comments[-1].above and "proofbook:" in source[comments[-1].line - 1]:
        return False
    after = replace(cell, source=_written(source, comments))
    if not _does_the_same(cell, after):
        return False
    read = suppressions.read(Notebook(path="", cells=(after,)))
    alone = [replace(one, cell=after) if one.cell is not None else one for one in read]
    return all(
        suppressions.reason_for(replace(finding, line=_moved(finding.line, comments)), alone) is not None
        for finding in findings
    )


def _does_the_same(before: Cell, after: Cell) -> bool:
    one, other = parse_cell(before)[0], parse_cell(after)[0]
    if one.tree is None or other.tree is None:
        return False
    magics = [
        [(magic.kind, magic.name, magic.arguments, magic.text, magic.target) for magic in flow.magics]
        for flow in (one, other)
    ]
    # the body of a cell magic is not in the tree
    bodies = [
        flow.cell.source if any(magic.kind == "cell" and magic.end_line > magic.line for magic in flow.magics) else ""
        for flow in (one, other)
    ]
    return magics[0] == magics[1] and bodies[0] == bodies[1] and ast.dump(one.tree) == ast.dump(other.tree)


def _written(lines: list[str], comments: Iterable[_Comment]) -> str:
    lines = list(lines)
    # from the end, so that numbers hold
    for comment in sorted(comments, key=lambda one: (-one.line, one.above)):
        at = comment.line - 1
        if comment.above:
            lines.insert(at, _indentation(lines[at]) + comment.text)
        else:
            ending = "\r" if lines[at].endswith("\r") else ""
            lines[at] = f"{lines[at].rstrip()}  {comment.text}{ending}"
    return "\n".join(lines)


def _moved(line: int, comments: Iterable[_Comment]) -> int:
    return line + sum(one.above and one.line <= line for one in comments) if line else 0


def _edits(cell: Cell, comments: Iterable[_Comment]) -> tuple[Edit, ...]:
    lines = cell.source.split("\n")
    made = []
    for comment in comments:
        text = lines[comment.line - 1]
        if comment.above:
            span = Span(line=comment.line, column=1, end_line=comment.line, end_column=1)
            made.append(Edit(cell=cell, span=span, text=f"{_indentation(text)}{comment.text}\n"))
        else:
            start, end = len(text.rstrip()) + 1, len(text.removesuffix("\r")) + 1
            span = Span(line=comment.line, column=start, end_line=comment.line, end_column=end)
            made.append(Edit(cell=cell, span=span, text=f"  {comment.text}"))
    return tuple(made)


def _indentation(line: str) -> str:
    return line[: len(line) - len(line.lstrip())].rstrip("\r")


def _in_metadata(cell: Cell | None, findings: Iterable[Finding], reason: str) -> tuple[SetMetadata, ...]:
    codes = sorted({finding.rule for finding in findings})
    return tuple(SetMetadata(cell=cell, path=("proofbook", "ignore", code), value=reason) for code in codes)
