"""Whether a module binds names that its source does not spell: by `exec`, `globals()[...] =` and their like."""

import ast
import re
from collections.abc import Iterator

__all__ = ["binds_by_computing", "computing", "words"]

_READS = frozenset({"get", "keys", "items", "values", "copy", "__contains__", "__getitem__"})
_COPIES = frozenset({"dict", "list", "set", "tuple", "sorted", "frozenset", "len", "iter", "print", "eval"})
_ITSELF = frozenset({"module", "mod", "this", "_module", "_mod", "this_module", "thismodule", "current_module"})
_WORD = re.compile(r"[^\W\d]\w*")


def binds_by_computing(tree: ast.Module) -> bool:
    """Whether anything in the module may bind names at its level that do not stand there as names."""
    return next(computing(tree), None) is not None


def computing(tree: ast.Module) -> Iterator[ast.Call]:
    """The calls by which a module, or a cell, may bind names of its level that do not stand there as names."""
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    modules = any(isinstance(node, ast.Attribute) and node.attr == "modules" for node in parents)
    for node in parents:
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        called = node.func.id
        outside = called == "globals" or (called in {"vars", "locals"} and not node.args and not _inside(node, parents))
        itself = called == "setattr" and node.args and modules and _may_be_module(node.args[0])
        # the second argument of `exec` says where it binds
        alone = called == "exec" and len(node.args) < 2
        if (outside and not _is_read(node, parents)) or itself or alone:
            yield node


def words(tree: ast.Module) -> set[str]:
    """Texts in the module that could be names, for what puts together the list of its names from text."""
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return {text for text in texts if _WORD.fullmatch(text)}


def _is_read(node: ast.Call, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether the namespace that the call gives is only looked into."""
    parent = parents.get(node)
    if isinstance(parent, ast.Subscript):
        return isinstance(parent.ctx, ast.Load)
    if isinstance(parent, ast.Attribute):
        return parent.attr in _READS
    if isinstance(parent, ast.Call):
        return isinstance(parent.func, ast.Name) and parent.func.id in _COPIES
    if isinstance(parent, ast.keyword):  # `format(**globals())`, `timeit(..., globals=globals())`
        return parent.arg in {None, "globals", "locals"}
    return isinstance(parent, ast.Compare | ast.For | ast.comprehension | ast.BinOp | ast.FormattedValue)


def _inside(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether it stands in a function or class, whose names are its own."""
    while node in parents:
        node = parents[node]
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            return True
    return False


def _may_be_module(node: ast.expr) -> bool:
    if isinstance(node, ast.Name):
        return node.id in _ITSELF
    return any(isinstance(part, ast.Attribute) and part.attr == "modules" for part in ast.walk(node))
