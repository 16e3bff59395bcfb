"""Names that stand for one plain value in the whole notebook, and tests that can be answered by them."""

import ast
import operator
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from proofbook.analyze.flow import CellFlow
from proofbook.analyze.locals import pattern_names

__all__ = ["holds", "settled"]

_PLAIN = (bool, int, float, str)
_COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_REACHING = frozenset({"exec", "eval", "globals", "locals", "vars", "setattr", "get_ipython", "__builtins__"})
"""Whoever uses one of these may bind any name."""


def settled(flows: Iterable[CellFlow]) -> dict[str, object]:
    """
    Names bound once in the notebook, by `name = 3` in no branch, with their values.

    None where a cell may bind any name, and none of a parameters cell: a run may set them otherwise.
    """
    flows, values = tuple(flows), dict[str, object]()
    if any(flow.tree is None or flow.wild or _binds_any(flow) for flow in flows):
        return {}
    count = Counter(name for flow in flows for name in _bound(flow))
    for flow in flows:
        if any(magic.kind == "cell" for magic in flow.magics) or "parameters" in flow.cell.tags:
            continue
        for node in flow.tree.body if flow.tree is not None else ():
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                target = node.targets[0]
                if isinstance(target, ast.Name) and count[target.id] == 1 and isinstance(node.value.value, _PLAIN):
                    values[target.id] = node.value.value
    return values


def _binds_any(flow: CellFlow) -> bool:
    if "sys.modules" in flow.code or any(node.id in _REACHING for node in flow.nodes(ast.Name)):
        return True
    return any(alias.name == "*" for alias in flow.nodes(ast.alias))


def _bound(flow: CellFlow) -> Iterable[str]:
    """Every name that the cell binds or deletes anywhere, in whatever scope; once for each place."""
    for node in flow.nodes(ast.Name):
        if not isinstance(node.ctx, ast.Load):
            yield node.id
    for alias in flow.nodes(ast.alias):
        yield (alias.asname or alias.name).partition(".")[0]
    for defined in flow.nodes(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef):
        yield defined.name  # type: ignore[attr-defined]
    for argument in flow.nodes(ast.arg):
        yield argument.arg
    for handler in flow.nodes(ast.ExceptHandler):
        yield handler.name or ""
    for pattern in flow.nodes(ast.MatchAs, ast.MatchStar, ast.MatchMapping):
        yield from pattern_names(pattern)
    for magic in flow.magics:
        yield from magic.defines


def holds(test: ast.expr, values: Mapping[str, object]) -> bool:
    """Whether a test on such names, `x` or `x > 2`, is surely answered with yes."""
    if isinstance(test, ast.Name):
        return bool(values.get(test.id))
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.left, ast.Name):
        return False
    compared, right = _COMPARED.get(type(test.ops[0])), test.comparators[0]
    if compared is None or test.left.id not in values or not isinstance(right, ast.Constant):
        return False
    try:
        return bool(compared(values[test.left.id], right.value))
    except TypeError:
        return False
