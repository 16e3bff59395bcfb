"""Edits that many rules propose: a statement, an import or a magic goes."""

import ast
import re

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Span
from proofbook.analyze.spans import lines_of, offsets
from proofbook.lint.fix import Edit

__all__ = ["body_of", "inserted", "is_bodiless", "name_removed", "piece_removed", "replaced", "statement_removed"]

_COMMENT = re.compile(r"[ \t]*(#.*)?")
_LINE_END = re.compile(r"\r\n|\r|\n")


def replaced(flow: CellFlow, node: ast.expr | ast.stmt | ast.alias, text: str) -> Edit:
    """`text` in the place of a node."""
    return Edit(cell=flow.cell, span=flow.place(node), text=text)


def inserted(flow: CellFlow, *, line: int, column: int, text: str) -> Edit:
    """`text` put in before the character at `line` and `column`, both from 1."""
    span = Span(line=line, column=column, end_line=line, end_column=column)
    return Edit(cell=flow.cell, span=span, text=text)


def statement_removed(flow: CellFlow, statement: ast.stmt) -> Edit | None:
    """
    A statement goes: with its line and the comment at its end where nothing else stands there. What would leave a
    block without a statement becomes `pass`.

    None where it cannot be done surely, as for one that a magic runs (`%time import os`).
    """
    if flow.tree is None or any(flow.shifts.get(line) for line in range(statement.lineno, _last(statement) + 1)):
        return None
    body = body_of(flow.tree, statement)
    if body is None:
        return None
    if len(body) == 1 and body is not flow.tree.body:
        return replaced(flow, statement, "pass")
    if getattr(statement, "decorator_list", None):
        return None
    span = flow.place(statement)
    return piece_removed(flow, span)


def is_bodiless(source: str) -> bool:
    """Whether a cell is a cell magic and nothing more, which IPython does not run."""
    head, *body = _LINE_END.split(source.strip(), maxsplit=1)
    return head.startswith("%%") and not body


def piece_removed(flow: CellFlow, span: Span) -> Edit | None:
    """
    A statement or magic at `span` goes with its line or from it.

    None where more hangs on it, or it is all that a cell magic is given.
    """
    edit = _piece_removed(flow, span)
    if edit is None or not flow.cell.source.lstrip().startswith("%%"):
        return edit
    start, end = offsets(flow.cell.source, edit.span)
    return None if is_bodiless(flow.cell.source[:start] + edit.text + flow.cell.source[end:]) else edit


def _piece_removed(flow: CellFlow, span: Span) -> Edit | None:
    source = flow.cell.source
    start, end = offsets(source, span)
    before = _LINE_END.split(source[:start])[-1]
    after = _LINE_END.split(source[end:])[0]
    if not before.strip() and _COMMENT.fullmatch(after):
        return Edit(cell=flow.cell, span=lines_of(source, span.line, span.end_line), text="")
    following = re.match(r"[ \t]*;[ \t]*", after)
    if following is not None and (before.strip() or after[following.end() :].strip()):
        # `a; b`: what follows takes its place, or nothing does
        return _cut(flow, span, after=following.end())
    preceding = re.search(r"[ \t]*;[ \t]*$", before)
    if preceding is not None and _COMMENT.fullmatch(after):
        return _cut(flow, span, before=len(preceding[0]))
    if following is not None:
        return Edit(cell=flow.cell, span=lines_of(source, span.line, span.end_line), text="")
    return None


def name_removed(flow: CellFlow, statement: ast.Import | ast.ImportFrom, alias: ast.alias) -> Edit | None:
    """One name of an import goes; the whole statement, where it has no other."""
    if len(statement.names) == 1:
        return statement_removed(flow, statement)
    if any(flow.shifts.get(line) for line in range(statement.lineno, _last(statement) + 1)):
        return None
    number = statement.names.index(alias)
    here = flow.place(alias)
    if number + 1 < len(statement.names):
        following = flow.place(statement.names[number + 1])
        span = Span(line=here.line, column=here.column, end_line=following.line, end_column=following.column)
    else:
        previous = flow.place(statement.names[number - 1])
        span = Span(
            line=previous.end_line, column=previous.end_column, end_line=here.end_line, end_column=here.end_column
        )
    if "#" in flow.cell.source[slice(*offsets(flow.cell.source, span))]:
        return None
    return Edit(cell=flow.cell, span=span, text="")


def _cut(flow: CellFlow, span: Span, *, before: int = 0, after: int = 0) -> Edit:
    span = Span(line=span.line, column=span.column - before, end_line=span.end_line, end_column=span.end_column + after)
    return Edit(cell=flow.cell, span=span, text="")


def body_of(tree: ast.Module, statement: ast.stmt) -> list[ast.stmt] | None:
    """The list of statements in which `statement` stands."""
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            body = getattr(node, field, None)
            if isinstance(body, list) and any(held is statement for held in body):
                return body
    return None


def _last(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno
