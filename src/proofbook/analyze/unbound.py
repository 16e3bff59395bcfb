"""Where a function surely reads an own name before anything binds it: Python raises `UnboundLocalError` there."""

import ast
from collections.abc import Iterator, Sequence

from proofbook.analyze.locals import bound_among, bound_in, children

__all__ = ["read_unbound"]

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_LEAVING = {"exit", "quit", "_exit"}


def read_unbound(node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.Name | None:
    """
    The first read, or `del`, of an own name of the function that comes before any binding whenever the function runs.

    Only straight-line code is followed: what a branch, a loop or a `with` may bind counts as bound behind it, what is
    read in there does not count, and behind a `return` in there nothing is sure.
    """
    own = bound_in(node)
    # a function within may bind them
    shared = {name for each in ast.walk(node) if isinstance(each, ast.Nonlocal) for name in each.names}
    names = own.names - set(own.parameters) - shared
    return _Body(names).first(node.body) if names else None


class _Body:
    """The body of one function, up to the first read that fails."""

    def __init__(self, names: frozenset[str]) -> None:
        """
        Args:
            names: Own names of the function, but for its parameters.
        """
        self.names = names
        self.bound: set[str] = set()
        self.left = False

    def first(self, statements: Sequence[ast.stmt]) -> ast.Name | None:
        for statement in statements:
            found = self._statement(statement)
            if found is not None:
                return found
            if self.left:
                break
        return None

    def _statement(self, node: ast.stmt) -> ast.Name | None:
        if isinstance(node, ast.If) and isinstance(node.test, ast.Constant):
            return self.first(node.body if node.test.value else node.orelse)
        # `:=` binds on the way
        self.bound |= {
            each.target.id
            for each in ast.walk(node)
            if isinstance(each, ast.NamedExpr) and isinstance(each.target, ast.Name)
        }
        for each in _first_read(node):
            if each.id in self.names and each.id not in self.bound:
                return each
        if isinstance(node, ast.Delete):
            self.bound -= {each.id for each in node.targets if isinstance(each, ast.Name)}
        elif not (isinstance(node, ast.AnnAssign) and node.value is None):
            self.bound |= bound_among([node])
        if not isinstance(node, _DEFINITIONS):
            self.left = any(_leaves(each) for each in ast.walk(node))
        return None


def _first_read(node: ast.stmt) -> Iterator[ast.Name]:
    """Names that the statement reads or deletes before it binds any, whatever happens."""
    if isinstance(node, ast.Assign | ast.Return | ast.Expr | ast.Raise):
        yield from _surely(node.exc if isinstance(node, ast.Raise) else node.value)
    elif isinstance(node, ast.AugAssign):
        if isinstance(node.target, ast.Name):
            yield node.target
        else:
            yield from _surely(node.target)
            yield from _surely(node.value)
    elif isinstance(node, ast.AnnAssign):
        yield from _surely(node.value)
    elif isinstance(node, ast.Delete):
        yield from (each for each in node.targets if isinstance(each, ast.Name))
    elif isinstance(node, ast.If | ast.While | ast.Assert):
        yield from _surely(node.test)
    elif isinstance(node, ast.For | ast.AsyncFor):
        yield from _surely(node.iter)
    elif isinstance(node, ast.With):
        yield from _surely(node.items[0].context_expr)


def _surely(node: ast.AST | None) -> Iterator[ast.Name]:
    """Names that an expression reads, whatever happens."""
    if node is None or isinstance(node, ast.Lambda):
        return
    if isinstance(node, ast.Name):
        if isinstance(node.ctx, ast.Load):
            yield node
        return
    parts: list[ast.AST]
    if isinstance(node, ast.IfExp):
        parts = [node.test]
    elif isinstance(node, ast.BoolOp):
        parts = node.values[:1]  # type: ignore[assignment]
    elif isinstance(node, ast.Compare):
        parts = [node.left, node.comparators[0]]
    elif isinstance(node, _COMPREHENSIONS):
        # a generator is made, and asked for nothing yet, but its first iterable is there
        parts = [node.generators[0].iter]
    else:
        parts = children(node)
    for part in parts:
        yield from _surely(part)


def _leaves(node: ast.AST) -> bool:
    """Whether the function may end there without an error."""
    if isinstance(node, ast.Return | ast.Raise):
        return True
    called = node.func if isinstance(node, ast.Call) else None
    return getattr(called, "id", getattr(called, "attr", "")) in _LEAVING
