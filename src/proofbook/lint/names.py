"""
Which names exist when a cell reads them: the ground that PB201 and PB202 share.

Everything uncertain counts as existing. What is left is missing for sure, as far as the code can be read.
"""

import ast
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from msgspec import Struct

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Use
from proofbook.analyze.magic_names import PYTHON_BODY
from proofbook.lint.rule import IMPLICIT, Subject
from proofbook.lint.star_imports import exported
from proofbook.model.notebook import Cell

__all__ = ["LENIENT_TAGS", "Missing", "Names"]

LENIENT_TAGS = frozenset({"raises-exception", "skip-execution"})
"""Cells that are meant to fail, or never run."""

_WRITES_NAMES = frozenset({"exec", "globals", "locals", "vars"})
_NAMESPACES = frozenset({"globals", "locals", "vars", "dir", "get_ipython"})
_WORD = re.compile(r"[^\W\d]\w*")


class Missing(Struct, frozen=True, kw_only=True):
    """A name that does not exist when it is read."""

    cell: Cell
    use: Use
    defined_in: int | None = None
    """Number of the cell that defines it too late; None where none does."""
    defined_line: int = 0
    also: tuple[int, ...] = ()
    """Other cells that read it, where no cell defines it."""


class Names:
    """The names of one notebook, cell by cell."""

    def __init__(self, subject: Subject) -> None:
        self._flow = subject.flow
        self._parameters = subject.parameters
        # a kernel searches the folder of the notebook and the one it was started in first
        self._folders = (Path(subject.notebook.path).parent, Path())
        self._injected = (
            subject.project.injected
            if subject.project is not None and subject.project.task
            else IMPLICIT
            if self._parameters is not None
            else frozenset()
        )

    @cached_property
    def _bound(self) -> tuple[frozenset[str] | None, ...]:
        """Of each cell the names that it may bind; None where that is anybody's guess."""
        return tuple(_may_bind(flow, self._folders) for flow in self._flow)

    @cached_property
    def _asks(self) -> tuple[bool, ...]:
        """Of each cell whether it asks which names there are: `if "x" in globals(): x`."""
        return tuple(_mentions(flow, _NAMESPACES) for flow in self._flow)

    @cached_property
    def defined(self) -> frozenset[str]:
        """Every name that any cell may bind, or the pipeline injects."""
        return self._injected.union(*(names for names in self._bound if names is not None))

    def missing(self) -> Iterator[Missing]:
        """Names that nothing defines, each where it is first read; names that come too late, in every cell."""
        undefined: dict[str, list[tuple[Cell, Use]]] = {}
        for index, flow in enumerate(self._flow):
            if LENIENT_TAGS & set(flow.cell.tags) or None in self._bound[:index]:
                continue
            late: dict[str, Missing] = {}
            for use in flow.uses:
                if use.guarded or self._exists(use, index):
                    continue
                if use.name not in self.defined:
                    undefined.setdefault(use.name, []).append((flow.cell, use))
                elif not use.deferred and use.name not in late:
                    found = self._later(use, index)
                    if found is not None:
                        late[use.name] = found
            yield from late.values()
        if None in self._bound:
            # a deferred use may run after the cell that binds who knows what
            undefined = {
                name: certain
                for name, uses in undefined.items()
                if (certain := [(cell, use) for cell, use in uses if not use.deferred])
            }
        for uses in undefined.values():
            # a call that reads the name points at the function's body, where the name stands
            cell, use = next(((cell, use) for cell, use in uses if use.via is None), uses[0])
            also = tuple(dict.fromkeys(other.number for other, _ in uses if other.number != cell.number))
            yield Missing(cell=cell, use=use, also=also)

    def _exists(self, use: Use, index: int) -> bool:
        """Whether the name may exist when cell `index` reads it."""
        # a function that is handed over is called who knows when
        handed_over = use.via is not None and use.conditional
        if use.possible or handed_over or (use.conditional and self._asks[index]):
            return True
        flow = self._flow[index]
        above = self._parameters is None or flow.cell.number > self._parameters.number
        if use.name in self._injected and (above or use.deferred):
            return True
        if self._bound[index] is None and use.deferred:
            return True
        return any(names is None or use.name in names for names in self._bound[:index])

    def _later(self, use: Use, index: int) -> Missing | None:
        """Where the name is bound, in this cell or below; None where that is not sure."""
        for flow in self._flow[index:]:
            binding = next((known for known in flow.bindings if known.name == use.name), None)
            binding = binding or flow.defines.get(use.name)
            if binding is not None:
                if flow is self._flow[index] and _one_loop(flow, use.line, binding.line):
                    return None
                return Missing(
                    cell=self._flow[index].cell, use=use, defined_in=flow.cell.number, defined_line=binding.line
                )
        if use.name in self._injected and self._parameters is not None:
            return Missing(cell=self._flow[index].cell, use=use, defined_in=self._parameters.number)
        return None


def _may_bind(flow: CellFlow, folders: tuple[Path, ...]) -> frozenset[str] | None:
    """Names that a cell may bind; None where that is anybody's guess."""
    if flow.problem is not None:
        # what a cell that does not parse was going to define is somewhere among its words
        return frozenset(_WORD.findall(flow.cell.source))
    names = {binding.name for binding in flow.bindings} | set(flow.defines) | flow.maybe_defines
    if not flow.wild:
        return frozenset(names)
    if flow.tree is None or _wild_beside_imports(flow):
        return None
    for known in flow.imports:
        if known.name == "*":
            found = exported(known.module, folders=folders) if not known.level else None
            if found is None:
                return None
            names |= found
    return frozenset(names)


def _wild_beside_imports(flow: CellFlow) -> bool:
    """Whether anything but star imports makes the cell's names unknowable."""
    if any(magic.wild or (magic.kind == "cell" and magic.name not in PYTHON_BODY) for magic in flow.magics):
        return True
    return _mentions(flow, _WRITES_NAMES)


def _one_loop(flow: CellFlow, *lines: int) -> bool:
    """Whether a loop holds all these lines: then what stands below may have run in the turn before."""
    nodes = ast.walk(flow.tree) if flow.tree is not None else ()
    loops = [node for node in nodes if isinstance(node, ast.For | ast.AsyncFor | ast.While)]
    return any(all(loop.lineno <= line <= (loop.end_lineno or 0) for line in lines) for loop in loops)


def _mentions(flow: CellFlow, names: frozenset[str]) -> bool:
    nodes = ast.walk(flow.tree) if flow.tree is not None else ()
    return any(isinstance(node, ast.Name) and node.id in names for node in nodes)
