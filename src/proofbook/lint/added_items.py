"""Items that a cell puts into another cell's object, where doing it twice comes to the same: below PB204."""

import ast
import re
from collections.abc import Iterator

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Mutation
from proofbook.lint.syntax import parent

__all__ = ["is_the_same_twice"]

_OF_THE_WHOLE = {"T", "at", "columns", "dtypes", "iat", "iloc", "ix", "loc", "shape", "size", "style", "values"}
"""Attributes of a table that know of every column."""
_BY_COLUMN = {"apply", "eval", "get", "groupby", "map"}
"""Methods that read the columns that they are told of."""


def is_the_same_twice(flow: CellFlow, mutation: Mutation) -> bool:
    """
    Whether a mutation is `df["b"] = ...` with a plain key, and what stands right does not read that key.

    What reads the whole object may read the key: `df["sum"] = df.sum(axis=1)` adds it in when run again.
    """
    if mutation.how != "item" or mutation.via is not None:
        return False
    return any(not _reads(flow, node.value, mutation.name, key) for node, key in _assigned(flow, mutation))


def _assigned(flow: CellFlow, mutation: Mutation) -> Iterator[tuple[ast.Assign, str]]:
    """The assignment that is the mutation, with its key."""
    for node in flow.nodes(ast.Assign):
        for target in node.targets:
            if not isinstance(target, ast.Subscript) or not isinstance(target.value, ast.Name):
                continue
            place = flow.place(target)
            key = target.slice.value if isinstance(target.slice, ast.Constant) else None
            if isinstance(key, str) and (place.line, place.column) == (mutation.line, mutation.column):
                yield node, key


def _reads(flow: CellFlow, value: ast.expr, name: str, key: str) -> bool:
    """Whether `value` may read the item `key` of `name`."""
    word = re.compile(rf"(?<!\w){re.escape(key)}(?!\w)")
    for node in ast.walk(value):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and word.search(node.value):
            return True
        if isinstance(node, ast.Attribute) and node.attr == key:
            return True
        if isinstance(node, ast.Name) and node.id == name and not _is_part(flow, node):
            return True
    return False


def _is_part(flow: CellFlow, node: ast.Name) -> bool:
    """Whether only parts of the object are read here that stand in the text."""
    around = parent(flow, node)
    if isinstance(around, ast.Subscript) and around.value is node:
        keys = around.slice.elts if isinstance(around.slice, ast.List) else [around.slice]
        return all(isinstance(key, ast.Constant) and isinstance(key.value, str) for key in keys)
    if isinstance(around, ast.Attribute):
        call = parent(flow, around)
        called = isinstance(call, ast.Call) and call.func is around
        return around.attr in _BY_COLUMN if called else around.attr not in _OF_THE_WHOLE
    return isinstance(around, ast.Call) and isinstance(around.func, ast.Name) and around.func.id == "len"
