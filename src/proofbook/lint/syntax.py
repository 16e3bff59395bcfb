"""What stands around a node of a cell."""

import ast
from collections.abc import Iterator
from functools import lru_cache

from proofbook.analyze import spans
from proofbook.analyze.cells import CellFlow

__all__ = ["ancestors", "in_function", "lines_of", "parent", "written"]

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_SINGLE = (ast.expr_context, ast.operator, ast.cmpop, ast.boolop, ast.unaryop)
"""Of each of these there is one object for all its places."""


def parent(flow: CellFlow, node: ast.AST) -> ast.AST | None:
    """What `node` stands in; None for the module itself."""
    return _around(flow.tree).get(node) if flow.tree is not None else None


def ancestors(flow: CellFlow, node: ast.AST) -> Iterator[ast.AST]:
    """Everything that `node` stands in, from the inside out."""
    around = parent(flow, node)
    while around is not None:
        yield around
        around = parent(flow, around)


def in_function(flow: CellFlow, node: ast.AST) -> bool:
    """Whether `node` stands in a function or lambda, and runs when that is called."""
    return any(isinstance(around, _FUNCTIONS) for around in ancestors(flow, node))


def written(flow: CellFlow, node: ast.expr) -> str:
    """The source of an expression, on one line. Unlike `ast.unparse` it takes nesting of any depth."""
    span = flow.place(node)
    lines = lines_of(flow)[span.line - 1 : span.end_line]
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.column - 1 :]
    return " ".join(" ".join(lines).split())


def lines_of(flow: CellFlow) -> list[str]:
    """The lines of the cell, split once however often they are asked for. Not to be changed."""
    return _lines(flow.cell.source)


@lru_cache(maxsize=8)
def _lines(source: str) -> list[str]:
    return spans.split(source)


@lru_cache(maxsize=512)
def _around(tree: ast.Module) -> dict[ast.AST, ast.AST]:
    around: dict[ast.AST, ast.AST] = {}
    waiting: list[ast.AST] = [tree]
    for node in waiting:
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, _SINGLE):
                around[child] = node
                waiting.append(child)
    return around
