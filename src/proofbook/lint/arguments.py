"""How a call is given one argument more."""

import ast

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Span
from proofbook.lint.fix import Edit
from proofbook.lint.syntax import lines_of

__all__ = ["with_argument"]


def with_argument(flow: CellFlow, node: ast.Call, text: str) -> Edit | None:
    """The edit that puts `text` behind the last argument; None where that is hard to find, because of a comment."""
    span = flow.place(node)
    lines = lines_of(flow)
    line, column = span.end_line, span.end_column - 1
    if lines[line - 1][column - 1 : column] != ")":
        return None
    while line > span.line and not lines[line - 1][: column - 1].strip():
        line -= 1
        column = len(lines[line - 1]) + 1
    before = lines[line - 1][: column - 1].rstrip()
    if "#" in before or not before:
        return None
    comma = "" if before.endswith("(") else " " if before.endswith(",") else ", "
    end = len(before) + 1
    return Edit(cell=flow.cell, span=Span(line=line, column=end, end_line=line, end_column=end), text=comma + text)
