"""Values that tell of sources, and the finder of them."""

import ast
from collections.abc import Mapping
from itertools import chain

from msgspec import Struct

from proofbook.analyze.flow import CellFlow, FileUse, RecordCall, Span
from proofbook.analyze.known_sources import SEEDS, Kind, kind_of_attribute, kind_of_call
from proofbook.model.notebook import Cell

__all__ = ["Reach", "Source", "SourceFinder"]


class Source(Struct, frozen=True, kw_only=True):
    """One place where something enters that two runs on the same input need not share."""

    kind: Kind
    text: str
    """For people: `datetime.datetime.now()`, `os.environ`, `glob.glob()`, `iteration over a set`."""
    cell: int
    """Number of the cell."""
    span: Span


class Reach(Struct, frozen=True, kw_only=True):
    """A source that arrives in something that is recorded or written to a file."""

    source: Source
    cell: Cell
    """Where it arrives."""
    span: Span
    """The call that records or writes."""
    record: RecordCall | None = None
    file: FileUse | None = None
    """Exactly one of the two is set."""
    sure: bool = True
    """
    False: on its way it went through a function or method that is not known, which may have made something else of
    it. A rule that must not cry wolf takes the sure ones only.
    """


class SourceFinder:
    """The sources of a notebook, by node of its cells' trees."""

    def __init__(self, flows: tuple[CellFlow, ...]) -> None:
        self.imports: dict[str, str] = {}
        for known in chain.from_iterable(flow.imports for flow in flows):
            if known.alias and not known.level:
                whole = known.module if known.name is None else f"{known.module}.{known.name}"
                self.imports[known.alias] = known.module.split(".")[0] if _is_root(known.alias, whole) else whole
        self.seeded = any(call.name in SEEDS and call.node.args for flow in flows for call in flow.calls)
        self.dotted: Mapping[int, str] = {id(call.node): call.name for flow in flows for call in flow.calls}

    def at(self, node: ast.expr, flow: CellFlow) -> Source | None:
        """The source that `node` of a cell is by itself."""
        if isinstance(node, ast.Call):
            dotted = self.dotted.get(id(node))
            kind = kind_of_call(node, dotted, seeded=self.seeded)
            text = f"{dotted or f'.{node.func.attr}' if isinstance(node.func, ast.Attribute) else dotted}()"
        elif isinstance(node, ast.Attribute):
            text = self._name(node)
            kind = kind_of_attribute(text)
        else:
            return None
        return Source(kind=kind, text=text, cell=flow.cell.number, span=flow.place(node)) if kind else None

    def _name(self, node: ast.Attribute) -> str:
        root = node.value
        return f"{self.imports.get(root.id, '')}.{node.attr}" if isinstance(root, ast.Name) else ""


def _is_root(alias: str, whole: str) -> bool:
    """`import os.path` binds `os`."""
    return "." in whole and whole.partition(".")[0] == alias
