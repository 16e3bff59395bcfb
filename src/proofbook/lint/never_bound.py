"""Names that only functions with a `global` statement bind which nobody calls: below PB201."""

import ast
from collections.abc import Iterator

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Use
from proofbook.lint.mentions import Mentions
from proofbook.lint.names import LENIENT_TAGS, Names
from proofbook.lint.rule import Subject
from proofbook.model.notebook import Cell

__all__ = ["never_bound"]


def never_bound(subject: Subject) -> Iterator[tuple[Cell, Use, str]]:
    """
    Reads of a name that only a function binds of which nothing in the notebook speaks, with that function.

    None where a cell may read or bind anything, and none in functions: they may be called by whoever imports them.
    """
    silent = dict(_silent(subject))
    if not silent:
        return
    names = subject.once(Names)
    for flow in subject.flow:
        if LENIENT_TAGS & set(flow.cell.tags):
            continue
        for use in flow.uses:
            if use.name in silent and not (use.deferred or use.guarded or use.possible or names.injects(use.name)):
                yield flow.cell, use, silent[use.name]


def _silent(subject: Subject) -> Iterator[tuple[str, str]]:
    """Each name that has no other binding, with the function."""
    flows = subject.flow
    if not any(flow.maybe_defines for flow in flows):
        return
    mentions = subject.once(Mentions)
    if mentions.everything or any(flow.wild or flow.problem is not None for flow in flows):
        return
    bound = {name for flow in flows for name in (*flow.defines, *(binding.name for binding in flow.bindings))}
    declared = [node for flow in flows for node in flow.nodes(ast.Global)]
    for flow in flows:
        for function in _undecorated(flow):
            if function.name in mentions.loaded or function.name in mentions.texts:
                continue
            inside = {id(node) for node in ast.walk(function)}
            for name in sorted(flow.maybe_defines - bound):
                where = [node for node in declared if name in node.names]
                if where and all(id(node) in inside for node in where):
                    yield name, function.name


def _undecorated(flow: CellFlow) -> Iterator[ast.FunctionDef]:
    """Functions of the notebook's level that nothing registers."""
    for node in flow.tree.body if flow.tree is not None else ():
        if isinstance(node, ast.FunctionDef) and not node.decorator_list:
            yield node
