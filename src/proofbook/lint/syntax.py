"""The nodes of a cell by kind, and what stands around each: found in one walk, which the rules share."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from typing import TypeVar

from proofbook.analyze.cells import CellFlow

__all__ = ["ancestors", "in_function", "nodes", "parent"]

_Node = TypeVar("_Node", bound=ast.AST)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def nodes(flow: CellFlow, kind: type[_Node]) -> list[_Node]:
    """All nodes of exactly this kind in the cell, outer before inner."""
    return _index(flow.tree)[0].get(kind, []) if flow.tree is not None else []  # type: ignore[return-value]


def parent(flow: CellFlow, node: ast.AST) -> ast.AST | None:
    """What `node` stands in; None for the module itself."""
    return _index(flow.tree)[1].get(node) if flow.tree is not None else None


def ancestors(flow: CellFlow, node: ast.AST) -> Iterator[ast.AST]:
    """Everything that `node` stands in, from the inside out."""
    around = parent(flow, node)
    while around is not None:
        yield around
        around = parent(flow, around)


def in_function(flow: CellFlow, node: ast.AST) -> bool:
    """Whether `node` stands in a function or lambda, and runs when that is called."""
    return any(isinstance(around, _FUNCTIONS) for around in ancestors(flow, node))


@lru_cache(maxsize=512)
def _index(tree: ast.Module) -> tuple[dict[type[ast.AST], list[ast.AST]], dict[ast.AST, ast.AST]]:
    """Kind to nodes, and node to what it stands in. `Load` and its like are single objects, and not among them."""
    kinds: defaultdict[type[ast.AST], list[ast.AST]] = defaultdict(list)
    around: dict[ast.AST, ast.AST] = {}
    waiting: list[ast.AST] = [tree]
    for node in waiting:
        kinds[type(node)].append(node)
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.expr_context | ast.operator | ast.cmpop | ast.boolop | ast.unaryop):
                around[child] = node
                waiting.append(child)
    return dict(kinds), around
