"""Reads of names that the notebook itself has deleted: the ground of PB209, which PB201 and PB202 leave to it."""

import ast
from collections.abc import Iterator

from msgspec import Struct

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Use
from proofbook.lint.bindable import bindable, mentions
from proofbook.model.notebook import Cell

__all__ = ["DeletedUse", "deleted_uses"]

_NAMESPACES = frozenset({"globals", "locals", "vars", "dir", "get_ipython"})


class DeletedUse(Struct, frozen=True, kw_only=True):
    """A read of a name that does not exist any more."""

    cell: Cell
    use: Use
    deleted_in: int
    """Number of the cell that deletes it."""
    deleted_line: int
    handler: bool = False
    """Python itself deletes it: it is the name of an `except ... as`."""


class _Gone(Struct, frozen=True):
    cell: Cell
    line: int
    column: int
    handler: bool = False


def deleted_uses(flows: tuple[CellFlow, ...]) -> Iterator[DeletedUse]:
    """Every read, when its cell runs, of a name that is surely deleted by then and not bound again."""
    gone: dict[str, _Gone] = {}
    bound: set[str] = set()
    for flow in flows:
        here = _deleted_by(flow, bound)
        if gone or here:
            binds = bindable(flow, folders=())
            unknown = binds.unknown_from
            stars = [imported.line for imported in flow.imports if imported.name == "*"]
            asks = mentions(flow, _NAMESPACES)
            for use in flow.uses:
                found = here.get(use.name)
                if found is None or (use.line, use.column) <= (found.line, found.column):
                    found = gone.get(use.name)
                starred = use.name in binds.names and any(line <= use.line for line in stars)
                certain = (unknown is None or use.line < unknown) and not starred
                if found is not None and certain and _surely_read(use) and not (asks and use.conditional):
                    yield DeletedUse(
                        cell=flow.cell,
                        use=use,
                        deleted_in=found.cell.number,
                        deleted_line=found.line,
                        handler=found.handler,
                    )
            if unknown is not None:
                gone, here = {}, {}
            for name in binds.names if stars else ():
                gone.pop(name, None)
        for name in (*(binding.name for binding in flow.bindings), *flow.maybe_defines):
            gone.pop(name, None)
            bound.add(name)
        if flow.problem is not None:
            gone = {}
        gone |= here


def _surely_read(use: Use) -> bool:
    # a function that is handed over is called who knows when
    return not (use.deferred or use.possible or use.guarded or use.handed)


def _deleted_by(flow: CellFlow, bound: set[str]) -> dict[str, _Gone]:
    """The names that are gone for sure when the cell has ended, and since where."""
    # what `%%timeit` runs is a function of its own
    if any(magic.kind == "cell" and magic.name == "timeit" for magic in flow.magics):
        return {}
    found = {name: _Gone(flow.cell, span.line, span.column) for name, span in flow.deletes.items()}
    caught = {binding.name for binding in flow.bindings if binding.kind == "except" and binding.name not in bound}
    if not caught:
        return found
    caught -= set(flow.defines) | set(found) | flow.maybe_defines
    caught -= {binding.name for binding in flow.bindings if binding.kind != "except"}
    for node in flow.nodes(ast.ExceptHandler):
        if node.name in caught:
            end = max(node.end_lineno or 0, found[node.name].line if node.name in found else 0)
            found[node.name] = _Gone(flow.cell, end, 10**6, handler=True)
    return found
