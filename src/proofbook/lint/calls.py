"""The calls of a notebook by the full name of what they call: `os.chdir`, however it was imported."""

import ast
from collections.abc import Iterator, Sequence

from msgspec import Struct

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Span
from proofbook.analyze.locals import bound_in
from proofbook.model.notebook import Cell

__all__ = ["Called", "calls"]

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


class Called(Struct, frozen=True, kw_only=True):
    """One call."""

    cell: Cell
    name: str
    """`os.chdir`; builtins as they are."""
    node: ast.Call
    span: Span
    deferred: bool
    """It stands in the body of a function or lambda."""


def calls(flows: Sequence[CellFlow]) -> Iterator[Called]:
    """Every call of a builtin or of something imported, in the order of the cells."""
    imported: dict[str, str] = {}
    assigned: set[str] = set()
    for flow in flows:
        for known in flow.imports:
            if known.name is not None:
                imported.setdefault(known.alias, f"{known.module}.{known.name}")
            else:
                # `import a.b` binds `a`, `import a.b as c` binds `a.b`
                plain = known.alias == known.module.split(".")[0]
                imported.setdefault(known.alias, known.alias if plain else known.module)
        assigned |= {binding.name for binding in flow.bindings if binding.kind != "import"}
    for flow in flows:
        if flow.tree is not None:
            yield from _of_cell(flow, imported, frozenset(assigned))


def _of_cell(flow: CellFlow, imported: dict[str, str], assigned: frozenset[str]) -> Iterator[Called]:
    found: list[Called] = []
    stack: list[tuple[ast.AST, frozenset[str], bool]] = [(flow.tree, assigned, False)] if flow.tree else []
    while stack:
        node, hidden, deferred = stack.pop()
        if isinstance(node, ast.Call):
            name = _dotted(node.func, imported, hidden)
            if name is not None:
                found.append(Called(cell=flow.cell, name=name, node=node, span=flow.place(node), deferred=deferred))
        if isinstance(node, _FUNCTIONS):
            # decorators and defaults are counted as the body: what hides a name there hides it nowhere else
            hidden, deferred = hidden | bound_in(node).names, True
        stack.extend((child, hidden, deferred) for child in ast.iter_child_nodes(node))
    yield from sorted(found, key=lambda call: (call.span.line, call.span.column))


def _dotted(node: ast.expr, imported: dict[str, str], hidden: frozenset[str]) -> str | None:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id in hidden:
        return None
    root = imported.get(node.id, node.id)
    return ".".join([root, *reversed(parts)])
