"""What a cell shows: the value of its last statement, where that is an expression."""

import ast
from collections.abc import Sequence

from proofbook.analyze.cells import CellFlow

__all__ = ["shows_without"]

_SHOW_NOTHING = {"print", "display"}


def shows_without(flow: CellFlow, gone: Sequence[ast.stmt]) -> bool:
    """Whether the cell, without these statements of its level, may show what it does not show now."""
    body = flow.tree.body if flow.tree is not None else []
    missing = {id(node) for node in gone}
    kept = [node for node in body if id(node) not in missing]
    last = kept[-1] if kept and body[-1] is not kept[-1] else None
    called = last.value.func if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) else None
    return isinstance(last, ast.Expr) and not (isinstance(called, ast.Name) and called.id in _SHOW_NOTHING)
