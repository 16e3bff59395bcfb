"""
Which names a piece of a cell binds for sure, as a person would say it.

The analysis says "conditional" of whatever may not run. A person knows that a loop over files has files, that a failed
import ends the day and that `if __name__ == "__main__"` holds in a notebook. Only what is left is worth a word.
"""

import ast
from collections.abc import Iterable, Mapping

from msgspec import Struct

__all__ = ["Bound", "always_bound", "bound_by"]

_IMPORT_ERRORS = {"ImportError", "ModuleNotFoundError"}
_ASKING = {"globals", "locals", "vars", "dir", "get_ipython", "version_info", "TYPE_CHECKING", "__name__"}
_EXITS = {"exit", "quit", "_exit", "abort", "skip", "fail"}
_SCOPES = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
_COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Bound(Struct, frozen=True):
    """What statements bind whichever way they are run through."""

    names: frozenset[str] = frozenset()
    leaves: bool = False
    """They end by leaving: what stands below them does not run."""


def bound_by(node: ast.AST) -> frozenset[str]:
    """All names that `node` may bind in the scope in which it stands."""
    names: set[str] = set()
    stack = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, ast.Name) and isinstance(current.ctx, ast.Store):
            names.add(current.id)
        elif isinstance(current, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(current.name)
        elif isinstance(current, ast.Import | ast.ImportFrom):
            names.update(alias.asname or alias.name.split(".")[0] for alias in current.names)
        elif isinstance(current, ast.MatchAs | ast.MatchStar) and current.name:
            names.add(current.name)
        elif isinstance(current, ast.MatchMapping) and current.rest:
            names.add(current.rest)
        if isinstance(current, _COMPREHENSIONS):
            names.update(inner.target.id for inner in ast.walk(current) if isinstance(inner, ast.NamedExpr))
        elif not isinstance(current, _SCOPES):
            stack.extend(ast.iter_child_nodes(current))
    return frozenset(names)


def always_bound(statements: Iterable[ast.stmt], *, constants: Mapping[str, object]) -> Bound:
    """
    The names that `statements` bind for sure, read with good will.

    Args:
        statements: Run one after the other.
        constants: Names of the notebook that have one value throughout.
    """
    names: set[str] = set()
    for statement in statements:
        found = _statement(statement, constants)
        names |= found.names
        if found.leaves:
            return Bound(frozenset(names), leaves=True)
    return Bound(frozenset(names))


def _statement(node: ast.stmt, constants: Mapping[str, object]) -> Bound:
    if isinstance(node, ast.If):
        return _if(node, constants)
    if isinstance(node, ast.Try) or type(node).__name__ == "TryStar":
        return _try(node, constants)  # type: ignore[arg-type]
    if isinstance(node, ast.With | ast.AsyncWith):
        items = frozenset[str]().union(*(bound_by(item) for item in node.items))
        inside = always_bound(node.body, constants=constants)
        return Bound(items | inside.names, inside.leaves)
    if isinstance(node, ast.Match):
        cases = [always_bound(case.body, constants=constants) for case in node.cases]
        captured = frozenset[str]().union(*(bound_by(case.pattern) for case in node.cases))
        return Bound(_in_all(cases) | captured | bound_by(node.subject), all(case.leaves for case in cases))
    leaves = isinstance(node, ast.Raise | ast.Return | ast.Break | ast.Continue) or _exits(node)
    return Bound(bound_by(node), leaves)


def _in_all(branches: list[Bound]) -> frozenset[str]:
    staying = [branch.names for branch in branches if not branch.leaves]
    return frozenset.intersection(*staying) if staying else frozenset[str]().union(*(one.names for one in branches))


def _if(node: ast.If, constants: Mapping[str, object]) -> Bound:
    tested = bound_by(node.test)
    value = _value(node.test, constants)
    if value is not None:
        taken = always_bound(node.body if value else node.orelse, constants=constants)
        return Bound(tested | taken.names, taken.leaves)
    if _asks(node.test):
        return Bound(bound_by(node))
    body = always_bound(node.body, constants=constants)
    chain = len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If)
    if chain:
        # who writes `elif` has all cases in mind, with or without an `else` for the impossible one
        other = always_bound(node.orelse, constants=constants)
        other = Bound(_last_of_chain(node.orelse[0], constants) or other.names, other.leaves)  # type: ignore[arg-type]
    else:
        other = always_bound(node.orelse, constants=constants)
    # a name that the test reads is there either way
    read = {name.id for name in ast.walk(node.test) if isinstance(name, ast.Name)}
    both = _in_all([body, other])
    return Bound(tested | both | (body.names & read), body.leaves and other.leaves and bool(node.orelse))


def _last_of_chain(node: ast.If, constants: Mapping[str, object]) -> frozenset[str]:
    """Of an `elif` without an `else`, what it binds; empty where the chain goes on or ends in an `else`."""
    return always_bound(node.body, constants=constants).names if not node.orelse else frozenset()


def _try(node: ast.Try, constants: Mapping[str, object]) -> Bound:
    caught = {name for handler in node.handlers for name in _caught(handler)}
    if "NameError" in caught or caught & _IMPORT_ERRORS:
        return Bound(bound_by(node))
    body = always_bound([*node.body, *node.orelse], constants=constants)
    handlers = [always_bound(handler.body, constants=constants) for handler in node.handlers]
    last = always_bound(node.finalbody, constants=constants)
    # who binds nothing before the handlers expects the error: `1 / 0`, `f("wrong")`
    expected = not node.orelse and not any(bound_by(statement) for statement in node.body)
    if expected and not body.leaves and not all(handler.leaves for handler in handlers):
        return Bound(_in_all(handlers) | last.names, last.leaves)
    leaves = last.leaves or (body.leaves and all(handler.leaves for handler in handlers))
    return Bound(_in_all([body, *handlers]) | last.names, leaves)


def _caught(handler: ast.ExceptHandler) -> list[str]:
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return [getattr(node, "id", getattr(node, "attr", "")) for node in types if node is not None]


def _value(test: ast.expr, constants: Mapping[str, object]) -> bool | None:
    """Whether the test holds, where that can be told."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = _value(test.operand, constants)
        return None if inner is None else not inner
    if isinstance(test, ast.Constant):
        return bool(test.value)
    if isinstance(test, ast.Name) and test.id in constants:
        return bool(constants[test.id])
    return None


def _asks(test: ast.expr) -> bool:
    """Whether it asks which names there are, or what every run answers alike."""
    return any(getattr(node, "id", getattr(node, "attr", "")) in _ASKING for node in ast.walk(test))


def _exits(node: ast.stmt) -> bool:
    called = node.value.func if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
    if isinstance(node, ast.Assert):
        return isinstance(node.test, ast.Constant) and not node.test.value
    return isinstance(called, ast.Name | ast.Attribute) and (
        getattr(called, "id", getattr(called, "attr", "")) in _EXITS
    )
