"""
Which names exist when a cell reads them: the ground that PB201 and PB202 share.

Everything uncertain counts as existing. What is left is missing for sure, as far as the code can be read.
"""

from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Use
from proofbook.lint.bindable import Bindable, bindable, in_one_loop, in_same_loops, mentions
from proofbook.lint.deleted import deleted_uses
from proofbook.lint.rule import IMPLICIT, Subject
from proofbook.model.notebook import Cell

__all__ = ["LENIENT_TAGS", "Missing", "Names"]

LENIENT_TAGS = frozenset({"raises-exception", "skip-execution"})
"""Cells that are meant to fail, or never run."""

_NAMESPACES = frozenset({"globals", "locals", "vars", "dir", "get_ipython"})


class Missing(Struct, frozen=True, kw_only=True):
    """A name that does not exist when it is read."""

    cell: Cell
    use: Use
    defined_in: int | None = None
    """Number of the cell that defines it too late; None where none does."""
    defined_line: int = 0
    sure: bool = True
    """Whether the run comes there: not where it stands in a branch, or in a function that nobody is seen to call."""


class Names:
    """The names of one notebook, cell by cell."""

    def __init__(self, subject: Subject) -> None:
        self._flow = subject.flow
        self._parameters = subject.parameters
        self._folders = subject.search
        self._injected = (
            subject.project.injected
            if subject.project is not None and subject.project.task
            else IMPLICIT
            if self._parameters is not None
            else frozenset()
        )

    @cached_property
    def _bound(self) -> tuple[Bindable, ...]:
        """Of each cell the names that it may bind."""
        return tuple(bindable(flow, folders=self._folders) for flow in self._flow)

    @cached_property
    def _certain(self) -> int:
        """So many cells stand above the first that may bind any name, itself included."""
        unknown = (index for index, cell in enumerate(self._bound) if cell.unknown_from is not None)
        return next(unknown, len(self._bound) - 1) + 1

    @cached_property
    def _asks(self) -> tuple[bool, ...]:
        """Of each cell whether it asks which names there are: `if "x" in globals(): x`."""
        return tuple(mentions(flow, _NAMESPACES) for flow in self._flow)

    @cached_property
    def defined(self) -> frozenset[str]:
        """Every name that any cell may bind, or the pipeline injects."""
        return self._injected.union(*(cell.names for cell in self._bound))

    @cached_property
    def _first(self) -> dict[str, int]:
        """Name to the first cell that may bind it."""
        found: dict[str, int] = {}
        for index, cell in enumerate(self._bound):
            for name in cell.names:
                found.setdefault(name, index)
        return found

    @cached_property
    def missing(self) -> tuple[Missing, ...]:
        """
        Every read of a name that nothing defines, or that is defined too late; none below what cannot be known.

        Names that the notebook deletes before are not among them: see `deleted`.
        """
        return tuple(self._missing())

    @cached_property
    def unbound(self) -> tuple[Missing, ...]:
        """Of each name that a function reads before it binds it, the first call that surely comes there."""
        found: dict[tuple[str, str | None], Missing] = {}
        for index, flow in enumerate(self._flow[: self._certain]):
            unknown = self._bound[index].unknown_from
            if LENIENT_TAGS & set(flow.cell.tags):
                continue
            for use in flow.unbound:
                sure = not (use.conditional or use.guarded or use.unlikely or use.handed)
                if sure and (unknown is None or use.line < unknown):
                    found.setdefault((use.name, use.via), Missing(cell=flow.cell, use=use))
        return tuple(found.values())

    def injects(self, name: str) -> bool:
        """Whether the pipeline may bind the name."""
        return name in self._injected

    def unknown_from(self, index: int) -> int | None:
        """The line from which on cell `index` may bind any name whatever; None where there is none."""
        return self._bound[index].unknown_from

    def _missing(self) -> Iterator[Missing]:
        deleted = {id(found.use) for found in deleted_uses(self._flow)}
        undefined: dict[str, list[tuple[Cell, Use]]] = {}
        for index, flow in enumerate(self._flow[: self._certain]):
            if LENIENT_TAGS & set(flow.cell.tags):
                continue
            for use in flow.uses:
                if use.guarded or id(use) in deleted or self._exists(use, index):
                    continue
                if use.name not in self.defined:
                    undefined.setdefault(use.name, []).append((flow.cell, use))
                elif not use.deferred and (found := self._later(use, index)) is not None:
                    yield found
        unknown = any(cell.unknown_from is not None for cell in self._bound)
        for uses in undefined.values():
            # a deferred use may run after the cell that binds who knows what
            yield from _undefined([(cell, use) for cell, use in uses if not (unknown and use.deferred)])

    def _exists(self, use: Use, index: int) -> bool:
        """Whether the name may exist when cell `index` reads it."""
        # a function that is handed over is called who knows when
        if use.possible or use.handed or (use.conditional and self._asks[index]):
            return True
        flow = self._flow[index]
        above = self._parameters is None or flow.cell.number > self._parameters.number
        if use.name in self._injected and (above or use.deferred):
            return True
        unknown = self._bound[index].unknown_from
        if unknown is not None and (use.deferred or use.line >= unknown or in_one_loop(flow, use.line, unknown)):
            return True
        return self._first.get(use.name, index) < index

    def _later(self, use: Use, index: int) -> Missing | None:
        """Where the name is bound, in this cell or below; None where that is not sure."""
        for flow in self._flow[index:]:
            binding = next((known for known in flow.bindings if known.name == use.name), None)
            binding = binding or flow.defines.get(use.name)
            if binding is not None:
                if flow is self._flow[index] and _bound_before(flow, use, binding.line):
                    return None
                return Missing(
                    cell=self._flow[index].cell,
                    use=use,
                    defined_in=flow.cell.number,
                    defined_line=binding.line,
                    sure=not use.unlikely,
                )
        cell = self._flow[index].cell
        if use.name in self._injected and self._parameters is not None:
            return Missing(cell=cell, use=use, defined_in=self._parameters.number)
        below = self._first.get(use.name, index)
        if below > index:
            # a star import, or a cell that does not parse
            starred = (known.line for known in self._flow[below].imports if known.name == "*")
            return Missing(
                cell=cell,
                use=use,
                defined_in=self._flow[below].cell.number,
                defined_line=next(starred, 1),
                sure=not use.unlikely,
            )
        return None


def _bound_before(flow: CellFlow, use: Use, line: int) -> bool:
    """Whether what is bound on `line`, below the read, may have been bound in an earlier turn of a loop around both."""
    if not in_one_loop(flow, use.line, line):
        return False
    # in the first turn nothing is bound yet, and a read in no branch and no other loop is made in that one
    return use.unlikely or not in_same_loops(flow, use.line, line)


def _undefined(uses: list[tuple[Cell, Use]]) -> Iterator[Missing]:
    """
    What is to be said of the reads of one name that nothing defines.

    A function that is called fails where it is called, for the first time; its body is spoken of where no call is seen.
    """
    called = next((use for _, use in uses if use.via and not use.unlikely), None)
    for cell, use in uses:
        if use.via:
            if use is called:
                yield Missing(cell=cell, use=use)
        elif not (use.within and called is not None):
            yield Missing(cell=cell, use=use, sure=not (use.unlikely or use.within))
